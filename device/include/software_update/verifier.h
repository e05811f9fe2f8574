// Verifies a bundle in one pass, as bytes arrive, with the verdicts of the Python verifier.

#ifndef SOFTWARE_UPDATE_VERIFIER_H_
#define SOFTWARE_UPDATE_VERIFIER_H_

#include "software_update/bytes.h"
#include "software_update/compression.h"
#include "software_update/crypto.h"
#include "software_update/device.h"
#include "software_update/installed.h"
#include "software_update/message_reader.h"
#include "software_update/names.h"
#include "software_update/release_judge.h"
#include "software_update/sha256.h"
#include "software_update/verdict.h"

namespace software_update {

// The content of a payload.
struct Content {
  uint64_t length;  // bytes
  uint8_t sha256[kSha256Bytes];
};

// A target of the release that has been verified, with the content of its payload.
struct VerifiedTarget : Content {
  uint64_t folded_name;        // a hash of the name without its case
  uint8_t name[kSha256Bytes];  // SHA-256 of the name
  bool is_user_manifest;
  bool is_compressed;
  bool is_present;  // the bundle has its payload
};

// A key that a root lists, or only a key id that one of its roles names.
struct RootKey {
  uint8_t id[kSha256Bytes];  // of `id_size` 32: the key id; otherwise its SHA-256
  uint8_t point[kP256KeyBytes];
  uint8_t id_size;
  uint8_t flags;
};

struct MetadataSignature {
  uint8_t key_id[kSha256Bytes];
  uint8_t value[kP256SignatureBytes];
  uint8_t state;  // not verified yet, good, or bad
};

struct SignatureList {
  MetadataSignature* entries;
  uint32_t count;
};

// CommonMetadata.
struct CommonFacts {
  int64_t seconds;  // of `expires`
  uint32_t nanos;
  uint32_t version;
  bool expires;
  bool has_role;          // the right one
  bool has_spec_version;  // a readable one
};

// Root metadata.
struct RootFacts {
  RootKey* keys;
  uint32_t key_count;
  uint32_t root_threshold;
  uint32_t targets_threshold;
  CommonFacts common;
  uint8_t sha256[kSha256Bytes];  // of the signed bytes
  uint8_t bad_roles;             // flags of RootKey
  Verdict form;                  // of the root by itself
  uint8_t index;                 // of its allowed targets
};

// A payload that is before the metadata in the bundle, or not in them.
struct LoosePayload {
  size_t length;
  uint8_t name[kSha256Bytes];
  uint8_t sha256[kSha256Bytes];
};

// The features that a device may lack. The verifier calls them through these interfaces, so a
// product that turns one off does not link it.

// The allowed targets of each root in memory, and the name that is being compared with them.
class AllowedPart {
 public:
  virtual void begin(uint8_t root) = 0;
  virtual void begin_entry(uint8_t root) = 0;
  virtual void feed_entry(uint8_t root, Bytes piece) = 0;
  virtual void end_entry(uint8_t root) = 0;
  virtual const AllowedTargets& list(uint8_t root) const = 0;
  virtual void begin_name(uint8_t root) = 0;
  virtual void feed_name(Bytes piece) = 0;
  virtual bool is_allowed(bool is_user_manifest) const = 0;

 protected:
  ~AllowedPart() = default;
};

// The compression of each target, and compressed payloads (compression.h).
class CompressionPart {
 public:
  // The content that the metadata state for a target, for the verifier to write and to read.
  virtual Content& original(uint32_t index) = 0;
  virtual Verdict check(uint32_t index, bool is_user_manifest, uint32_t algorithm,
                        size_t original_sha256_size) = 0;
  virtual void begin(const Device& device, uint32_t index, TargetSink* sink) = 0;
  virtual void feed(Bytes piece) = 0;
  virtual Result finish(uint32_t index) = 0;

 protected:
  ~CompressionPart() = default;
};

// The memory of a verifier. `VerifierFor` has it.
struct VerifierMemory {
  RootFacts* roots;           // `root_count`, 2 or 3
  SignatureList* signatures;  // as many
  VerifiedTarget* targets;
  LoosePayload* loose;
  uint8_t (*former)[kSha256Bytes];  // `keys`
  uint8_t* name;
  ReleasePart* release;          // null: no release manifest
  AllowedPart* allowed;          // null: no allowed targets
  CompressionPart* compression;  // null: no compression
  uint32_t keys;                 // of each root
  uint32_t signature_count;      // of each list
  uint32_t target_count;
  uint32_t loose_count;
  uint32_t chain;  // roots of a chain
  uint32_t verifications;
  uint32_t name_bytes;
  uint8_t root_count;
};

// All that a verifier knows of the bundle. Small members come first, and of each size those that
// many functions use: instructions of Thumb reach these with fewer bytes.
struct VerifierState {
  // The result as far as it is certain.
  Verdict envelope_fault_;
  Beyond beyond_;

  // The signed message that is being read.
  bool is_device_;      // the device's own
  bool is_serialized_;  // inside the signed bytes
  bool is_root_;        // it is a root that the RootSink gets
  Verdict form_fault_;
  uint8_t signature_parts_;  // that have the right length
  uint8_t id_size_;
  uint8_t role_;  // flag of RootKey of the role that is being read
  Verdict key_fault_;

  // Roots
  bool has_incoming_;  // field 5 has begun
  bool chain_moved_;   // a root of the chain was not passed
  Verdict chain_fault_;

  // Targets
  bool has_targets_;
  Verdict name_fault_;
  bool is_duplicate_;
  uint8_t good_hash_count_;  // of `hash_count_`, with 32 bytes

  // Payloads
  bool has_name_;
  bool has_value_;
  bool is_opening_;
  bool is_offered_;
  bool is_written_;
  bool is_decompressed_;
  bool is_not_offered_;  // the sink did not get a payload that is listed
  bool is_undecided_;    // a compressed payload was not decompressed
  Verdict payload_fault_;
  Verdict decompression_;

  // Those that few functions use
  bool storage_failed_;
  bool has_signature_room_;
  Verdict targets_form_;
  bool skips_targets_;
  bool is_targets_too_large_;
  Verdict hash_fault_;
  bool is_sha256_;                // the function of the hash that is being read
  uint8_t original_sha256_size_;  // of the field, in bytes
  uint8_t hash_count_;            // SHA-256 of the target
  bool is_entry_text_;            // the entry's name is UTF-8
  bool is_entry_targets_;         // the entry's name is that of the targets metadata
  bool reads_release_;
  bool is_name_ascii_;

  SignatureList* list_;
  CommonFacts* common_;
  size_t capture_left_;
  uint32_t leaf_size_;
  // `trusted_` is the device's root, or the last of the chain up to here.
  RootFacts* trusted_;
  RootFacts* incoming_;  // of field 5; null: none yet
  RootFacts* spare_;     // to read the next root into; null: none left
  SignatureList* spare_list_;
  uint32_t next_target_;  // index of the target that was found last
  // The targets keys of the root under which the installed release was accepted.
  uint32_t former_keys_;
  uint32_t former_threshold_;
  uint32_t chain_count_;
  uint32_t targets_;
  VerifiedTarget* target_;  // that is being read
  size_t payload_size_;
  uint32_t name_size_;
  uint32_t loose_;
  uint32_t key_type_;
  uint32_t key_scheme_;
  uint8_t* capture_;
  SignatureList* incoming_list_;
  SignatureList* targets_list_;
  VerifiedTarget* payload_target_;  // null, or that of the index `next_target_`
  uint32_t algorithm_;
  uint32_t name_bytes_;   // of all names
  uint32_t names_roots_;  // roots that had arrived when the names were compared
  uint32_t payloads_;
  uint32_t device_version_;
  const uint8_t (*former_identities_)[kSha256Bytes];
  uint32_t verifications_;

  CommonFacts targets_common_;
  ListedUserManifest listed_;
  NameReader name_reader_;
  // A short field, or the SHA-256 of a payload. While a target is read, the second half is its
  // second SHA-256.
  uint8_t leaf_[kP256KeyBytes];
  uint8_t id_[kSha256Bytes];  // a key id, or the SHA-256 of an entry's name
  uint8_t targets_sha256_[kSha256Bytes];
  Sha256 signed_hash_;  // of the signed bytes that are being read
  Sha256 part_hash_;    // of a name, a key or a payload
  MessageReader reader_;
};

// Decides whether a device accepts a bundle. Call `begin`, then `feed` until all bytes are taken,
// then `finish`. Each byte is read once. `VerifierFor` has the memory.
class Verifier : private MessageHandler, private VerifierState {
 public:
  // Begins a bundle of `size` bytes. `device`, and what it points to, must outlive the
  // verification. False: the device's own root cannot be used, and `finish` says so.
  bool begin(const Device& device, uint64_t size);
  // Takes bytes, and returns how many. Fewer than given: the TargetSink said kWait; pass the rest
  // again, also if no bytes are left.
  size_t feed(Bytes bytes);
  // The verdict on the metadata as far as they have arrived, as if the bundle had no more of them.
  // Not the one of `finish`, which names the first fault of the whole bundle; if one of them
  // refuses the bundle, so does the other.
  Result metadata_result();
  // The result, after the last byte: the verdict is the one of the Python verifier.
  Result finish();

  // What a client records of a release that `finish` accepted.

  // SHA-256 of the serialized targets metadata.
  const uint8_t* release_digest() const { return targets_sha256_; }
  uint32_t targets_version() const { return targets_common_.version; }
  // The root in force: its version, and the SHA-256 of its signed bytes.
  uint32_t root_version() const { return root_in_force().common.version; }
  const uint8_t* root_sha256() const { return root_in_force().sha256; }
  // The targets role of the root in force: X of key `index` of `root_keys`, and the threshold.
  uint32_t root_keys() const;
  const uint8_t* root_key_identity(uint32_t index) const;
  uint32_t root_threshold() const { return root_in_force().targets_threshold; }
  // The release manifest. Its counter is 0 if the release has none.
  ReleaseFacts release_facts() const {
    return has_release() ? memory_.release->facts() : ReleaseFacts();
  }
  bool has_counter() const { return counter() != 0; }
  uint32_t counter() const { return release_facts().counter; }
  uint32_t minimum_counter() const { return release_facts().minimum_counter; }
  bool is_for_other_hardware() const { return release_facts().is_for_other_hardware; }
  // The targets in the order of the metadata, and their content as installed.
  uint32_t targets() const { return targets_; }
  const VerifiedTarget& target(uint32_t index) const { return memory_.targets[index]; }
  const Content& installed(uint32_t index) const;
  // ECDSA verifications of this bundle.
  uint32_t verifications() const { return verifications_; }

 protected:
  Verifier() = default;
  void use(const VerifierMemory& memory) { memory_ = memory; }
  ~Verifier() = default;

 private:
  // `inline` if only one source file uses it: the compiler keeps no copy for others then.
  Verdict number(FieldId field, uint64_t value) override;
  Verdict begin(FieldId field, size_t size) override;
  void content(FieldId field, Bytes piece) override;
  Verdict end(FieldId field) override;
  void fault(FieldId field, Verdict verdict) override;
  void raw(Bytes piece) override;

  // The device
  bool load_roots();
  inline void begin_former(const FormerRoot& stated);
  inline void keep_former(const RootFacts& root);
  inline void keep_former_of_chain(const RootFacts& root);
  inline bool has_former(const uint8_t* identity) const;

  // Signed messages
  void begin_signed(SignatureList* list, CommonFacts* common);
  inline void begin_signature();
  inline void begin_signature_part(uint8_t part, size_t size);
  inline void end_signature();
  Verdict check_common() const;
  bool is_met(SignatureList& list, const uint8_t* sha256, const RootFacts& root, uint8_t role);
  inline bool is_good(MetadataSignature& signature, const uint8_t* sha256, const RootKey& key);
  bool is_expired(const CommonFacts& common) const;

  // Roots
  Verdict begin_root(bool in_chain, size_t size);
  inline void begin_root_facts();
  void end_root(bool in_chain);
  inline void end_chained_root();
  inline Verdict root_form(RootFacts& root);
  void begin_key();
  void begin_key_id(size_t size);
  void begin_key_value(size_t size);
  void check_key_order();
  inline void begin_key_hash();
  void end_key();
  inline Verdict judge_key();
  inline bool has_own_id();
  void add_role_key();
  inline RootKey* key_entry(uint8_t id_size);
  static inline bool check_roles(RootFacts& root);
  inline Verdict judge_root(RootFacts& root, SignatureList& list, bool may_be_passed);
  const RootFacts& root_in_force() const { return incoming_ != nullptr ? *incoming_ : *trusted_; }

  // Targets
  void begin_targets(size_t size);
  void end_targets();
  inline void mark_loose();
  Verdict end_targets_entry();
  Verdict begin_target();
  void end_hash();
  void begin_compression();
  void end_target();
  inline Verdict name_fault(const VerifiedTarget& target) const;
  inline Verdict hash_fault(const VerifiedTarget& target) const;
  Verdict judge_metadata();
  Verdict judge_roots();
  Verdict judge_targets();
  inline Verdict judge_version() const;
  bool versions_start_again() const;
  inline Verdict judge_release();
  bool has_release() const { return memory_.release != nullptr; }
  inline Verdict judge_list();
  inline void judge_names_again();

  // Payloads
  void begin_name();
  void name_content(Bytes piece);
  bool is_user_manifest() const;
  Verdict end_name();
  Verdict end_entry() const;
  void begin_payload(size_t size);
  void open_payload();
  inline bool is_trusted();
  inline bool ask_sink();
  bool can_decompress() const { return device_.decompressor != nullptr; }
  void payload_content(Bytes piece);
  void end_payload_content();
  inline void fail_storage();
  Verdict end_payload();
  inline bool is_repeated(const VerifiedTarget* target) const;
  inline void add_loose();
  // Not worth a copy in each of its callers.
  [[gnu::noinline]] static Verdict compare(const VerifiedTarget& target, uint64_t length,
                                           const uint8_t* sha256);
  inline Verdict judge_loose(bool& is_unlisted);
  VerifiedTarget* find_target(const uint8_t* name);
  Verdict judge_payloads();
  inline bool is_installed(uint32_t index);

  void capture(uint8_t* into, size_t capacity);
  void begin_leaf(size_t size);
  bool is_open() const;
  void go_beyond(Beyond beyond);
  inline Result result(Verdict verdict) const;

  VerifierMemory memory_;
  Device device_;
};
// Features that are on. Each has a specialization for a device without it.
// The unknown keys and languages of a release manifest that fit: L::kReleaseKeys, or 24.
template <class L, class = uint32_t>
struct ReleaseKeys {
  static constexpr uint32_t kCount = L::kReleaseManifest ? 24 : 0;
};

template <class L>
struct ReleaseKeys<L, decltype(L::kReleaseKeys + 0u)> {
  static constexpr uint32_t kCount = L::kReleaseManifest ? L::kReleaseKeys : 0;
};

template <uint32_t kKeys>
class ReleasePartFor final : public ReleaseJudge {
 public:
  ReleasePartFor() : ReleaseJudge(&reader_) {}
  ReleasePart* part() { return this; }

 private:
  ReleaseReaderFor<kKeys> reader_;
};

template <>
class ReleasePartFor<0> {
 public:
  ReleasePart* part() { return nullptr; }
};

template <uint32_t kEntries, uint32_t kRoots>
class AllowedPartFor final : public AllowedPart {
 public:
  AllowedPart* part() { return this; }
  void begin(uint8_t root) override { lists_[root].begin(entries_[root], kEntries); }
  void begin_entry(uint8_t root) override { lists_[root].begin_entry(); }
  void feed_entry(uint8_t root, Bytes piece) override { lists_[root].feed_entry(piece); }
  void end_entry(uint8_t root) override { lists_[root].end_entry(); }
  const AllowedTargets& list(uint8_t root) const override { return lists_[root]; }
  void begin_name(uint8_t root) override { matcher_.begin(lists_[root]); }
  void feed_name(Bytes piece) override { matcher_.feed(piece); }
  bool is_allowed(bool is_user_manifest) const override {
    return matcher_.is_allowed(is_user_manifest);
  }

 private:
  AllowedTargets lists_[kRoots];
  AllowedMatcher matcher_;
  AllowedTarget entries_[kRoots][kEntries];
};

template <uint32_t kRoots>
class AllowedPartFor<0, kRoots> {
 public:
  AllowedPart* part() { return nullptr; }
};

template <uint32_t kTargets, bool kIsOn>
class CompressionPartFor final : public CompressionPart {
 public:
  CompressionPart* part() { return this; }
  Content& original(uint32_t index) override { return originals_[index]; }
  Verdict check(uint32_t index, bool is_user_manifest, uint32_t algorithm,
                size_t original_sha256_size) override {
    return check_compression(is_user_manifest, algorithm, originals_[index].length,
                             original_sha256_size);
  }
  void begin(const Device& device, uint32_t index, TargetSink* sink) override {
    payload_.begin(*device.crypto, device.decompressor, originals_[index].length, sink);
  }
  void feed(Bytes piece) override { payload_.feed(piece); }
  Result finish(uint32_t index) override {
    return result_of(payload_.finish(originals_[index].sha256));
  }

 private:
  CompressedPayload payload_;
  Content originals_[kTargets];
};

template <uint32_t kTargets>
class CompressionPartFor<kTargets, false> {
 public:
  CompressionPart* part() { return nullptr; }
};

// A verifier and its memory. `L` has the limits of the device as static constants:
//
//   kKeys           of each root: keys, and key ids of roles that are not among them
//   kSignatures     of each signed message
//   kTargets        of a release
//   kLoosePayloads  payloads before the metadata, or not in them
//   kRoots          of a chain
//   kAllowedTargets of each root; 0: no root may have any
//   kNameBytes      of the names that the TargetSink gets, 13 or more
//   kVerifications  of signatures, for one bundle
//   kReleaseManifest, kCompression   whether the device takes them
//   kAnyOrder       whether a chain may follow the root that it leads to; takes another root's
//   memory
template <class L>
class VerifierFor : public Verifier {
 public:
  VerifierFor() {
    use(memory());
    for (uint32_t i = 0; i < kRootCount; ++i) {
      roots_[i].keys = keys_[i];
      roots_[i].index = static_cast<uint8_t>(i);
      lists_[i].entries = signatures_[i];
    }
  }

 private:
  static constexpr uint32_t kRootCount = L::kAnyOrder ? 3 : 2;
  static constexpr uint32_t kLoose = L::kLoosePayloads == 0 ? 1 : L::kLoosePayloads;
  static_assert(L::kNameBytes >= 13, "kNameBytes must be 13 or more: the length of user_manifest");

  VerifierMemory memory() {
    return {roots_,
            lists_,
            targets_,
            loose_,
            former_,
            name_,
            release_.part(),
            allowed_.part(),
            compression_.part(),
            L::kKeys,
            L::kSignatures,
            L::kTargets,
            L::kLoosePayloads,
            L::kRoots,
            L::kVerifications,
            L::kNameBytes,
            kRootCount};
  }

  RootFacts roots_[kRootCount];
  SignatureList lists_[kRootCount];
  RootKey keys_[kRootCount][L::kKeys];
  MetadataSignature signatures_[kRootCount][L::kSignatures];
  VerifiedTarget targets_[L::kTargets];
  LoosePayload loose_[kLoose];
  uint8_t former_[L::kKeys][kSha256Bytes];
  uint8_t name_[L::kNameBytes];
  ReleasePartFor<ReleaseKeys<L>::kCount> release_;
  AllowedPartFor<L::kAllowedTargets, kRootCount> allowed_;
  CompressionPartFor<L::kTargets, L::kCompression> compression_;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_VERIFIER_H_
