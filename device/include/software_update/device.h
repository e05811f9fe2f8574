// What a verification starts from, what it gives its parts to, and how it ends.

#ifndef SOFTWARE_UPDATE_DEVICE_H_
#define SOFTWARE_UPDATE_DEVICE_H_

#include "software_update/bytes.h"
#include "software_update/crypto.h"
#include "software_update/installed.h"
#include "software_update/verdict.h"

namespace software_update {

// The limit of this device that a bundle exceeds. A bundle beyond the device has no verdict here.
enum class Beyond : uint8_t {
  kNothing,
  kKeys,
  kSignatures,
  kRoots,
  kTargets,
  kAllowedTargets,
  kNameBytes,
  kLoosePayloads,
  kOrder,
  kVerifications,
  kCompression,
  kReleaseManifest,
  kRootBytes,
  kDevice,  // the device's own root cannot be used
  kSize,    // of the bundle: its bytes cannot be counted in a size_t
};

enum class Outcome : uint8_t { kVerdict, kBeyondDevice, kStorageFailed };

// The end of a verification. `verdict` counts if `outcome` is kVerdict, `beyond` if it is
// kBeyondDevice.
struct Result {
  Outcome outcome;
  Verdict verdict;
  Beyond beyond;
};

// A payload whose content is about to arrive. Metadata are trusted by then.
struct TargetInfo {
  Bytes name;
  uint32_t index;         // in the targets metadata
  uint64_t length;        // of the content that `write` gets, in bytes
  const uint8_t* sha256;  // of that content, 32 bytes
};

// Takes the content of payloads: of the original, if a payload is compressed.
class TargetSink {
 public:
  enum class Answer : uint8_t {
    kWrite,  // calls `write` and `close`
    kSkip,   // only hashes the payload
    kWait,   // `feed` returns, and asks again in the next call
    kFail,   // the storage failed
  };
  virtual Answer open(const TargetInfo& target) = 0;
  virtual bool write(Bytes content) = 0;
  // `good`: all bytes arrived, and length and SHA-256 are those of the metadata.
  virtual bool close(bool good) = 0;

 protected:
  ~TargetSink() = default;
};

// Takes the signed root metadata of a bundle: raw, in the order of the chain. Nothing is trusted
// before `metadata_result` is ACCEPT.
class RootSink {
 public:
  // Begins a SignedRootMetadata of `size` bytes. False: beyond this device (kRootBytes).
  virtual bool begin_root(size_t size) = 0;
  virtual void root_bytes(Bytes bytes) = 0;
  // The end of that root. `newer`: the device moves to it if the bundle is accepted; forget it
  // otherwise.
  virtual void end_root(bool newer) = 0;

 protected:
  ~RootSink() = default;
};

// Decompresses one payload (docs/reference/wire format: zstd). A product without it cannot take
// one.
class Decompressor {
 public:
  virtual bool begin(uint64_t window_bytes) = 0;
  // Takes compressed bytes, and hands decompressed ones to `out` in pieces. False: damaged.
  virtual bool feed(Bytes compressed, bool (*out)(void* context, Bytes content), void* context) = 0;
  virtual bool finish() = 0;

 protected:
  ~Decompressor() = default;
};

// What the device knows before it reads a bundle. Null or 0 where it knows nothing.
struct Device {
  const Crypto* crypto;
  Bytes anchor;       // SignedRootMetadata in the verified image
  Bytes moved_roots;  // SignedRootMetadata after the anchor, one UpdateBundle field 65 each
  const Installed* installed;
  const char* hardware_id;  // null: not checked
  bool knows_time;
  int64_t now;          // seconds since 1970, if `knows_time`
  TargetSink* targets;  // null: payloads are only hashed
  RootSink* roots;
  Decompressor* decompressor;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_DEVICE_H_
