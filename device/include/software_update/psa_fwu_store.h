// Installs targets with the platform's PSA Firmware Update API (Arm IHI 0093), such as that of
// TF-M.
//
// The platform has psa/update.h, and keeps slots, trial and fallback itself. One target is one
// component. The store takes the payloads of a Verifier; its other functions are those of the API,
// for all components.

#ifndef SOFTWARE_UPDATE_PSA_FWU_STORE_H_
#define SOFTWARE_UPDATE_PSA_FWU_STORE_H_

#include <psa/update.h>
#include <string.h>

#include "software_update/device.h"

namespace software_update {

// A target and the component that it updates.
struct PsaComponent {
  const char* name;
  psa_fwu_component_t component;
};

class PsaFwuStore : public TargetSink {
 public:
  // At most 32 components.
  PsaFwuStore(const PsaComponent* components, uint32_t count)
      : components_(components), count_(count) {}

  // Whether the answer to the question before the download was yes. Before that, payloads wait.
  void set_consent(bool consent) { consent_ = consent; }
  // The status of the last function of the API that failed.
  psa_status_t status() const { return status_; }

  // TargetSink: psa_fwu_start, psa_fwu_write and psa_fwu_finish.
  Answer open(const TargetInfo& target) override {
    is_open_ = false;
    if (is_named(target, "user_manifest")) return Answer::kWrite;
    for (open_ = 0; open_ < count_; ++open_) {
      if (is_named(target, components_[open_].name)) break;
    }
    if (open_ == count_) return fail(PSA_ERROR_DOES_NOT_EXIST);
    if (!consent_) return Answer::kWait;
    if (!is_good(psa_fwu_start(components_[open_].component, nullptr, 0))) return Answer::kFail;
    started_ |= 1u << open_;
    offset_ = 0;
    is_open_ = true;
    return Answer::kWrite;
  }

  bool write(Bytes content) override {
    while (is_open_ && content.size > 0) {
      const size_t most = PSA_FWU_MAX_WRITE_SIZE;
      const size_t part = content.size < most ? content.size : most;
      if (!is_good(psa_fwu_write(components_[open_].component, offset_, content.data, part)))
        return false;
      offset_ += part;
      content = {content.data + part, content.size - part};
    }
    return true;
  }

  bool close(bool good) override {
    if (!is_open_) return true;
    is_open_ = false;
    return !good || is_good(psa_fwu_finish(components_[open_].component));
  }

  // Call it once the verifier has accepted the bundle. Returns the status of psa_fwu_install:
  // PSA_SUCCESS_REBOOT asks for a restart.
  psa_status_t install() { return psa_fwu_install(); }
  psa_status_t accept() { return psa_fwu_accept(); }
  psa_status_t reject(psa_status_t error) { return psa_fwu_reject(error); }

  // After a bundle that was not accepted: gives up all components that were started.
  psa_status_t cancel() { return each(&psa_fwu_cancel); }
  // After cancel, accept or reject: makes the components ready again.
  psa_status_t clean() {
    const psa_status_t cleaned = each(&psa_fwu_clean);
    if (cleaned == PSA_SUCCESS) started_ = 0;
    return cleaned;
  }

 private:
  static bool is_named(const TargetInfo& target, const char* name) {
    return strlen(name) == target.name.size &&
           memcmp(name, target.name.data, target.name.size) == 0;
  }

  bool is_good(psa_status_t status) {
    if (status != PSA_SUCCESS) status_ = status;
    return status == PSA_SUCCESS;
  }

  Answer fail(psa_status_t status) {
    status_ = status;
    return Answer::kFail;
  }

  // Calls a function for each component that was started. Returns the first status that is not
  // good.
  psa_status_t each(psa_status_t (*function)(psa_fwu_component_t)) {
    psa_status_t first = PSA_SUCCESS;
    for (uint32_t i = 0; i < count_; ++i) {
      if ((started_ & (1u << i)) == 0) continue;
      const psa_status_t status = function(components_[i].component);
      if (first == PSA_SUCCESS) first = status;
    }
    is_good(first);
    return first;
  }

  const PsaComponent* components_;
  uint32_t count_;
  uint32_t open_ = 0;
  uint32_t started_ = 0;
  size_t offset_ = 0;
  psa_status_t status_ = PSA_SUCCESS;
  bool consent_ = false;
  bool is_open_ = false;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_PSA_FWU_STORE_H_
