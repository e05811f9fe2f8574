// Tests of the store for PSA Firmware Update, and of the states for hosts. Prints the first check
// that fails, and ends with 1.

#include <psa/update.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "software_update/psa_fwu_store.h"
#include "software_update/rpc_state.h"

namespace {

using software_update::State;

void check(bool good, const char* what) {
  if (good) return;
  printf("fails: %s\n", what);
  exit(1);
}

// A platform that keeps the states of the specification for two components.
struct Component {
  State state = State::kReady;
  uint8_t content[256];
  size_t size = 0;
};
Component components[2];

psa_status_t move(psa_fwu_component_t component, State from, State to) {
  if (component >= 2) return PSA_ERROR_DOES_NOT_EXIST;
  if (components[component].state != from) return PSA_ERROR_BAD_STATE;
  components[component].state = to;
  return PSA_SUCCESS;
}

psa_status_t move_all(State from, State to, psa_status_t good) {
  bool any = false;
  for (Component& each : components) {
    if (each.state != from) continue;
    each.state = to;
    any = true;
  }
  return any ? good : PSA_ERROR_BAD_STATE;
}

}  // namespace

psa_status_t psa_fwu_start(psa_fwu_component_t component, const void*, size_t) {
  if (component < 2) components[component].size = 0;
  return move(component, State::kReady, State::kWriting);
}

psa_status_t psa_fwu_write(psa_fwu_component_t component, size_t offset, const void* block,
                           size_t size) {
  Component& each = components[component];
  if (each.state != State::kWriting) return PSA_ERROR_BAD_STATE;
  if (size > PSA_FWU_MAX_WRITE_SIZE || offset + size > sizeof(each.content))
    return PSA_ERROR_INVALID_ARGUMENT;
  memcpy(each.content + offset, block, size);
  each.size = offset + size;
  return PSA_SUCCESS;
}

psa_status_t psa_fwu_finish(psa_fwu_component_t component) {
  return move(component, State::kWriting, State::kCandidate);
}

psa_status_t psa_fwu_cancel(psa_fwu_component_t component) {
  const psa_status_t written = move(component, State::kWriting, State::kFailed);
  return written == PSA_SUCCESS ? written : move(component, State::kCandidate, State::kFailed);
}

psa_status_t psa_fwu_clean(psa_fwu_component_t component) {
  const psa_status_t failed = move(component, State::kFailed, State::kReady);
  return failed == PSA_SUCCESS ? failed : move(component, State::kUpdated, State::kReady);
}

psa_status_t psa_fwu_install(void) {
  return move_all(State::kCandidate, State::kStaged, PSA_SUCCESS_REBOOT);
}
psa_status_t psa_fwu_accept(void) { return move_all(State::kTrial, State::kUpdated, PSA_SUCCESS); }
psa_status_t psa_fwu_reject(psa_status_t) {
  return move_all(State::kTrial, State::kRejected, PSA_SUCCESS_REBOOT);
}

namespace software_update {
namespace {

void test_store() {
  const PsaComponent table[] = {{"app", 0}, {"radio", 1}};
  PsaFwuStore store(table, 2);
  uint8_t content[150];
  for (size_t i = 0; i < sizeof(content); ++i) content[i] = static_cast<uint8_t>(i);
  const TargetInfo app = {
      {reinterpret_cast<const uint8_t*>("app"), 3}, 0, sizeof(content), nullptr};
  const TargetInfo other = {
      {reinterpret_cast<const uint8_t*>("appx"), 4}, 0, sizeof(content), nullptr};
  const TargetInfo manifest = {
      {reinterpret_cast<const uint8_t*>("user_manifest"), 13}, 0, 2, nullptr};
  check(store.open(manifest) == TargetSink::Answer::kWrite, "the store takes the release manifest");
  check(store.write({content, 2}) && store.close(true), "the release manifest goes nowhere");
  check(store.open(app) == TargetSink::Answer::kWait, "a payload waits for consent");
  check(components[0].state == State::kReady, "nothing starts without consent");
  store.set_consent(true);
  check(store.open(other) == TargetSink::Answer::kFail, "an unknown target is refused");
  check(store.status() == PSA_ERROR_DOES_NOT_EXIST, "the status of an unknown target");
  check(store.open(app) == TargetSink::Answer::kWrite, "a payload starts its component");
  check(store.write({content, 100}) && store.write({content + 100, 50}), "a payload is written");
  check(store.close(true), "a payload is finished");
  check(components[0].state == State::kCandidate && components[0].size == 150,
        "the component is a candidate");
  check(memcmp(components[0].content, content, sizeof(content)) == 0,
        "the component has the content");
  check(components[1].state == State::kReady, "no other component has changed");
  check(store.install() == PSA_SUCCESS_REBOOT, "the candidate is installed");
  components[0].state = State::kTrial;
  check(store.accept() == PSA_SUCCESS, "the trial is accepted");
  check(store.clean() == PSA_SUCCESS && components[0].state == State::kReady,
        "the component is ready again");
  check(store.open(app) == TargetSink::Answer::kWrite && store.write({content, 150}),
        "it is written again");
  check(store.close(false), "a bad payload is not finished");
  check(components[0].state == State::kWriting, "a bad payload does not become a candidate");
  check(store.install() == PSA_ERROR_BAD_STATE, "a bad payload is not installed");
  check(store.cancel() == PSA_SUCCESS && store.clean() == PSA_SUCCESS, "a bad payload is given up");
  check(components[0].state == State::kReady, "the component is ready after a bad payload");
  components[0].state = State::kTrial;
  check(store.open(app) == TargetSink::Answer::kFail, "a component in trial cannot be written");
  check(store.status() == PSA_ERROR_BAD_STATE, "the status of a component in trial");
}

void test_states() {
  const RpcState expected[] = {RpcState::kInactive, RpcState::kTransferring, RpcState::kVerified,
                               RpcState::kApplying, RpcState::kFinished,     RpcState::kApplying,
                               RpcState::kAborting, RpcState::kFinished};
  for (uint8_t state = 0; state < 8; ++state) {
    check(rpc_state(static_cast<State>(state)) == expected[state], "the state for a host");
  }
}

}  // namespace
}  // namespace software_update

int main() {
  software_update::test_store();
  software_update::test_states();
  return 0;
}
