// The roots of a bundle, and which one is in force (TUF specification 1.0.34, 5.3). The same
// decisions as in tools/software_update/verify/roots.py, quorum.py and recovery.py.

#include <string.h>

#include "field_table.h"
#include "root_key.h"
#include "software_update/format_limits.h"
#include "software_update/verifier.h"

namespace software_update {
namespace {

// A key type or scheme takes one byte in what the key id is the hash of.
constexpr uint32_t kMaxKeyNumber = 255;
constexpr uint8_t kUncompressed = 4;
// The lengths of a point at infinity, and of a compressed one: keys of this kind, but not usable
// ones.
constexpr uint32_t kInfinityBytes = 1;
constexpr uint32_t kCompressedBytes = 33;

// X of the point: all that counts of a key that can be mirrored.
const uint8_t* identity_of(const RootKey& key) { return key.point + 1; }

// Says whether the same person can sign with both: they are one key, or one the mirror of the
// other. A key id without its key is its own identity.
bool is_same_signer(const RootKey& one, const RootKey& other) {
  const bool is_one_listed = (one.flags & kListed) != 0;
  const bool is_other_listed = (other.flags & kListed) != 0;
  return one.id_size == other.id_size && is_same(is_one_listed ? identity_of(one) : one.id,
                                                 is_other_listed ? identity_of(other) : other.id);
}

}  // namespace

// The device

// Reads the anchor, and follows the moved roots from there. A moved root is data, not trust: its
// signatures are verified again.
bool Verifier::load_roots() {
  trusted_ = &memory_.roots[0];
  spare_ = &memory_.roots[1];
  spare_list_ = &memory_.signatures[1];
  targets_list_ = &memory_.signatures[0];
  is_device_ = true;
  begin_root(true, device_.anchor.size);
  reader_.begin(*this, MessageId::kSignedRootMetadata, FieldId::kUpdateBundleRootChain,
                device_.anchor.size);
  reader_.feed(device_.anchor);
  reader_.begin(*this, MessageId::kUpdateBundle, kBundle, device_.moved_roots.size);
  reader_.feed(device_.moved_roots);
  is_device_ = false;
  verifications_ = 0;
  const bool is_good = chain_count_ != 0 && chain_fault_ == Verdict::kAccept &&
                       envelope_fault_ == Verdict::kAccept && beyond_ == Beyond::kNothing;
  envelope_fault_ = Verdict::kAccept;
  chain_count_ = 0;
  chain_moved_ = false;
  device_version_ = trusted_->common.version;
  if (is_good && device_.installed != nullptr) {
    begin_former(device_.installed->former);
  }
  return is_good;
}

// Finds the content of the root under which the installed release was accepted: the device's root,
// or what the client kept of it. `end_chained_root` looks at the others.
void Verifier::begin_former(const FormerRoot& stated) {
  former_threshold_ = stated.threshold;
  former_keys_ = stated.keys;
  former_identities_ = stated.identities;
  const bool is_device_root =
      stated.version == trusted_->common.version && is_same(stated.sha256, trusted_->sha256);
  if (stated.stated ? is_device_root : stated.keys == 0) {
    keep_former(*trusted_);
  }
}

// Keeps what `versions_start_again` needs of a root.
void Verifier::keep_former(const RootFacts& root) {
  former_threshold_ = root.targets_threshold;
  former_identities_ = memory_.former;
  former_keys_ = 0;
  for (uint32_t i = 0; i < root.key_count; ++i) {
    const RootKey& key = root.keys[i];
    if ((key.flags & (kListed | kInTargets)) == (kListed | kInTargets) &&
        !has_former(identity_of(key))) {
      copy_sha256(memory_.former[former_keys_], identity_of(key));
      ++former_keys_;
    }
  }
}

bool Verifier::has_former(const uint8_t* identity) const {
  for (uint32_t i = 0; i < former_keys_; ++i) {
    if (is_same(former_identities_[i], identity)) {
      return true;
    }
  }
  return false;
}

// Reading

Verdict Verifier::begin_root(bool in_chain, size_t size) {
  chain_count_ += in_chain;
  has_incoming_ = has_incoming_ || !in_chain;
  if (chain_fault_ != Verdict::kAccept) {
    reader_.skip();
    return Verdict::kAccept;
  }
  if (spare_ == nullptr) {
    go_beyond(Beyond::kOrder);
    return Verdict::kAccept;
  }
  if (!is_device_ && in_chain && chain_count_ > memory_.chain) {
    go_beyond(Beyond::kRoots);
    return Verdict::kAccept;
  }
  begin_root_facts();
  if (!is_device_ && device_.roots != nullptr) {
    is_root_ = device_.roots->begin_root(static_cast<size_t>(size));
    if (!is_root_) {
      go_beyond(Beyond::kRootBytes);
    }
  }
  return Verdict::kAccept;
}

void Verifier::begin_root_facts() {
  begin_signed(spare_list_, &spare_->common);
  spare_->key_count = 0;
  spare_->root_threshold = 0;
  spare_->targets_threshold = 0;
  spare_->bad_roles = 0;
  key_fault_ = Verdict::kAccept;
  if (memory_.allowed != nullptr) {
    memory_.allowed->begin(spare_->index);
  }
}

void Verifier::end_root(bool in_chain) {
  if (chain_fault_ != Verdict::kAccept) {
    return;
  }
  signed_hash_.finish(spare_->sha256);
  spare_->form = root_form(*spare_);
  if (is_root_) {
    is_root_ = false;
    device_.roots->end_root(spare_->form == Verdict::kAccept &&
                            spare_->common.version > device_version_);
  }
  if (in_chain) {
    return end_chained_root();
  }
  incoming_ = spare_;
  incoming_list_ = spare_list_;
  const bool has_third = memory_.root_count == 3;
  spare_ = has_third ? &memory_.roots[2] : nullptr;
  spare_list_ = has_third ? &memory_.signatures[2] : nullptr;
}

// The root by itself: its form, then its keys.
Verdict Verifier::root_form(RootFacts& root) {
  if (form_fault_ != Verdict::kAccept) {
    return form_fault_;
  }
  const Verdict common = check_common();
  if (common != Verdict::kAccept) {
    return common;
  }
  if (memory_.allowed != nullptr) {
    const AllowedTargets& allowed = memory_.allowed->list(root.index);
    if (!allowed.is_complete()) {
      go_beyond(Beyond::kAllowedTargets);
    }
    if (!allowed.is_valid()) {
      return Verdict::kMalformed;
    }
  }
  if (key_fault_ != Verdict::kAccept) {
    return key_fault_;
  }
  return check_roles(root) ? Verdict::kAccept : Verdict::kSharedKey;
}

void Verifier::begin_key() {
  key_type_ = 0;
  key_scheme_ = 0;
  leaf_size_ = 0;
  id_size_ = 0;
}

void Verifier::begin_key_id(size_t size) {
  id_size_ = static_cast<uint8_t>(size);
  capture(id_, sizeof(id_));
}

// A longer value than that of a P-256 key is not kept, but its key id is checked before its length.
void Verifier::begin_key_value(size_t size) {
  begin_leaf(size);
  begin_key_hash();
}

// The hash of a value that is not kept needs these numbers first.
void Verifier::check_key_order() {
  if (leaf_size_ > sizeof(leaf_)) {
    go_beyond(Beyond::kOrder);
  }
}

void Verifier::begin_key_hash() {
  const uint8_t numbers[2] = {static_cast<uint8_t>(key_type_), static_cast<uint8_t>(key_scheme_)};
  part_hash_.begin(*device_.crypto);
  part_hash_.update({numbers, sizeof(numbers)});
}

void Verifier::end_key() {
  // A root with a bad key is refused for the first one; no other is needed then.
  if (key_fault_ != Verdict::kAccept) {
    return;
  }
  key_fault_ = judge_key();
  if (key_fault_ != Verdict::kAccept) {
    return;
  }
  RootKey* key = key_entry(kSha256Bytes);
  if (key == nullptr) {
    return;
  }
  if ((key->flags & kListed) != 0) {
    key_fault_ = Verdict::kInvalidKey;
  }
  key->flags = key->flags | kListed;
  memcpy(key->point, leaf_, sizeof(key->point));
}

Verdict Verifier::judge_key() {
  if ((key_type_ | key_scheme_) > kMaxKeyNumber || !has_own_id()) {
    return Verdict::kKeyIdMismatch;
  }
  const bool is_p256 = key_type_ == kKeyTypeEcdsaP256 && key_scheme_ == kKeyTypeEcdsaP256;
  if (!is_p256 || (leaf_size_ != kP256KeyBytes && leaf_size_ != kCompressedBytes &&
                   leaf_size_ != kInfinityBytes)) {
    return Verdict::kKeyTypeMismatch;
  }
  const bool is_good = leaf_size_ == kP256KeyBytes && leaf_[0] == kUncompressed &&
                       device_.crypto->is_on_curve(leaf_);
  return is_good ? Verdict::kAccept : Verdict::kInvalidKey;
}

// Says whether the key id is the hash of the key.
bool Verifier::has_own_id() {
  if (leaf_size_ <= sizeof(leaf_)) {
    begin_key_hash();
    part_hash_.update({leaf_, leaf_size_});
  }
  uint8_t hash[kSha256Bytes];
  part_hash_.finish(hash);
  return id_size_ == sizeof(hash) && is_same(hash, id_);
}

// Takes a key id of the role that is being read.
void Verifier::add_role_key() {
  if (role_ == 0) {
    return;
  }
  if (id_size_ != kSha256Bytes) {
    part_hash_.finish(id_);
  }
  RootKey* key = key_entry(id_size_);
  if (key == nullptr) {
    return;
  }
  if ((key->flags & role_) != 0) {
    spare_->bad_roles = spare_->bad_roles | role_;
  }
  key->flags = key->flags | role_;
}

// The entry of the key id `id_`, a new one if there is none. Null: no room is left.
RootKey* Verifier::key_entry(uint8_t id_size) {
  RootKey* key = spare_->keys;
  for (uint32_t i = 0; i < spare_->key_count; ++i, ++key) {
    if (key->id_size == id_size && is_same(key->id, id_)) {
      return key;
    }
  }
  if (spare_->key_count == memory_.keys) {
    go_beyond(Beyond::kKeys);
    return nullptr;
  }
  ++spare_->key_count;
  memcpy(key->id, id_, sizeof(key->id));
  key->id_size = id_size;
  key->flags = 0;
  return key;
}

// Notes which roles cannot be used: one person holds two of their keys, a key is not listed, or the
// threshold cannot be met. Returns false if one person holds keys of both roles.
bool Verifier::check_roles(RootFacts& root) {
  constexpr uint8_t kBoth = kInRoot | kInTargets;
  uint32_t root_keys = 0;
  uint32_t targets_keys = 0;
  uint8_t bad = root.bad_roles;
  bool is_shared = false;
  const RootKey* const end = root.keys + root.key_count;
  for (const RootKey* key = root.keys; key != end; ++key) {
    const uint8_t roles = key->flags & kBoth;
    root_keys += (roles & kInRoot) / kInRoot;
    targets_keys += (roles & kInTargets) / kInTargets;
    if ((key->flags & kListed) == 0) {
      bad = bad | roles;
    }
    uint8_t signer_roles = roles;
    for (const RootKey* other = root.keys; other != key; ++other) {
      if (is_same_signer(*key, *other)) {
        bad = bad | (roles & other->flags);
        signer_roles = signer_roles | other->flags;
      }
    }
    if ((signer_roles & kBoth) == kBoth) {
      is_shared = true;
    }
  }
  // A threshold of 0 becomes the largest number.
  if (root.root_threshold - 1 >= root_keys) {
    bad = bad | kInRoot;
  }
  if (root.targets_threshold - 1 >= targets_keys) {
    bad = bad | kInTargets;
  }
  root.bad_roles = bad;
  return !is_shared;
}

// Judging

// A root of the chain is judged at once: by the device's root or the one before it.
void Verifier::end_chained_root() {
  RootFacts* root = spare_;
  // The first one of the device's own is the anchor, which is trusted as it is.
  const bool is_anchor = is_device_ && !chain_moved_;
  const Verdict verdict = is_anchor ? root->form : judge_root(*root, *spare_list_, !chain_moved_);
  if (verdict != Verdict::kAccept) {
    chain_fault_ = verdict;
    return;
  }
  keep_former_of_chain(*root);
  // TUF has no such case: the device has passed this root on its way to the present one.
  if (!is_anchor && !chain_moved_ && root->common.version < trusted_->common.version) {
    return;
  }
  spare_ = trusted_;
  trusted_ = root;
  chain_moved_ = true;
}

void Verifier::keep_former_of_chain(const RootFacts& root) {
  if (is_device_ || device_.installed == nullptr || former_keys_ != 0) {
    return;
  }
  const FormerRoot& former = device_.installed->former;
  if (former.stated && root.common.version == former.version &&
      is_same(root.sha256, former.sha256)) {
    keep_former(root);
  }
}

// TUF specification 5.3.3 to 5.3.6: a root is signed by thresholds of the one before it and of its
// own keys, and has the next version.
Verdict Verifier::judge_root(RootFacts& root, SignatureList& list, bool may_be_passed) {
  const RootFacts& trusted = *trusted_;
  if (root.form != Verdict::kAccept) {
    return root.form;
  }
  const uint32_t before = trusted.common.version;
  const uint32_t version = root.common.version;
  if (may_be_passed && version < before) {
    return Verdict::kAccept;
  }
  if ((trusted.bad_roles & kInRoot) != 0) {
    return Verdict::kThresholdInvalid;
  }
  if (!is_met(list, root.sha256, trusted, kInRoot)) {
    return Verdict::kThresholdNotMet;
  }
  if ((root.bad_roles & kInRoot) != 0) {
    return Verdict::kThresholdInvalid;
  }
  if (!is_met(list, root.sha256, root, kInRoot)) {
    return Verdict::kThresholdNotMet;
  }
  if ((root.bad_roles & kInTargets) != 0) {
    return Verdict::kThresholdInvalid;
  }
  // 5.3.5: a rollback attack.
  if (version < before) {
    return Verdict::kRootRollback;
  }
  if (version - before > 1) {
    return Verdict::kRootVersionGap;
  }
  return version == before && !is_same(root.sha256, trusted.sha256) ? Verdict::kRootMixUp
                                                                    : Verdict::kAccept;
}

Verdict Verifier::judge_roots() {
  if (chain_count_ != 0 && !has_incoming_) {
    return Verdict::kMissingRoleMetadata;
  }
  if (chain_fault_ != Verdict::kAccept) {
    return chain_fault_;
  }
  if (incoming_ != nullptr) {
    const Verdict verdict = judge_root(*incoming_, *incoming_list_, false);
    if (verdict != Verdict::kAccept) {
      return verdict;
    }
  }
  // 5.3.10: a freeze attack. Roots before the last one may have expired.
  return is_expired(root_in_force().common) ? Verdict::kRootExpired : Verdict::kAccept;
}

// Says whether the keys that the root in force removed could have signed the installed release by
// themselves (TUF specification 5.3.11; recovery.py has the reasons).
bool Verifier::versions_start_again() const {
  const RootFacts& root = root_in_force();
  uint32_t removed = former_keys_;
  for (uint32_t i = 0; i < former_keys_; ++i) {
    for (uint32_t k = 0; k < root.key_count; ++k) {
      const RootKey& key = root.keys[k];
      if ((key.flags & kInTargets) != 0 && is_same(identity_of(key), former_identities_[i])) {
        --removed;
        break;
      }
    }
  }
  return former_threshold_ >= 1 && removed >= former_threshold_;
}

uint32_t Verifier::root_keys() const {
  uint32_t count = 0;
  while (root_key_identity(count) != nullptr) {
    ++count;
  }
  return count;
}

const uint8_t* Verifier::root_key_identity(uint32_t index) const {
  const RootFacts& root = root_in_force();
  for (uint32_t i = 0; i < root.key_count; ++i) {
    if ((root.keys[i].flags & kInTargets) != 0) {
      if (index == 0) {
        return identity_of(root.keys[i]);
      }
      --index;
    }
  }
  return nullptr;
}

}  // namespace software_update
