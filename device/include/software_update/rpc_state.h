// The client's state as hosts see it that speak Pigweed's RPCs for bundles.

#ifndef SOFTWARE_UPDATE_RPC_STATE_H_
#define SOFTWARE_UPDATE_RPC_STATE_H_

#include "software_update/journal.h"

namespace software_update {

// States with the names and numbers of pw_software_update, as in the client for larger devices.
enum class RpcState : uint8_t {
  kInactive = 1,
  kTransferring = 2,
  kTransferred = 3,
  kVerifying = 4,
  kVerified = 5,
  kApplying = 6,
  kAborting = 7,
  kFinished = 8,
};

// Returns the state for a host. The client verifies while it receives, so kTransferred and
// kVerifying never appear: a host that asks for verification gets its answer at once. After
// kFinished, the update succeeded if the client's state is kUpdated; the host's reset is `clean`.
constexpr RpcState rpc_state(State state) {
  switch (state) {
    case State::kWriting:
      return RpcState::kTransferring;
    case State::kCandidate:
      return RpcState::kVerified;
    case State::kStaged:
    case State::kTrial:
      return RpcState::kApplying;
    case State::kRejected:
      return RpcState::kAborting;
    case State::kFailed:
    case State::kUpdated:
      return RpcState::kFinished;
    default:
      return RpcState::kInactive;
  }
}

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_RPC_STATE_H_
