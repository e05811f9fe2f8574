// The readers of names, compression and release manifests as functions that Python can call.

#include <string.h>

#include "software_update/compression.h"
#include "software_update/names.h"
#include "software_update/release_manifest.h"
#include "software_update/sha256.h"
#include "software_update/utf8.h"

namespace software_update {
namespace {

// Calls `take` with pieces of `piece` bytes, in order.
template <typename Take>
void in_pieces(const uint8_t* bytes, size_t size, size_t piece, Take take) {
  for (size_t done = 0; done < size; done += piece) {
    take(Bytes{bytes + done, size - done < piece ? size - done : piece});
  }
}

// The result of a ReleaseReader, in the order of the ctypes.Structure in release_manifest_test.py.
struct Release {
  uint32_t kind;
  uint32_t counter;
  uint32_t minimum_counter;
  uint32_t lists_hardware;
  uint32_t lists_this_hardware;
};

template <typename Reader>
void read_release(const uint8_t* bytes, size_t size, size_t piece, const char* hardware_id,
                  Release* release) {
  Reader reader;
  reader.begin(hardware_id);
  in_pieces(bytes, size, piece, [&reader](Bytes each) { reader.feed(each); });
  release->kind = static_cast<uint32_t>(reader.finish());
  release->counter = reader.counter();
  release->minimum_counter = reader.minimum_counter();
  release->lists_hardware = reader.lists_hardware();
  release->lists_this_hardware = reader.lists_this_hardware();
}

// Keeps the content that it gets; fails if it does not fit.
class KeepingSink final : public TargetSink {
 public:
  KeepingSink(uint8_t* content, size_t capacity) : content_(content), capacity_(capacity) {}
  Answer open(const TargetInfo&) override { return Answer::kWrite; }
  bool write(Bytes content) override {
    if (content.size > capacity_ - size_) {
      return false;
    }
    memcpy(content_ + size_, content.data, content.size);
    size_ += content.size;
    return true;
  }
  bool close(bool good) override { return good; }
  size_t size() const { return size_; }

 private:
  uint8_t* content_;
  size_t capacity_;
  size_t size_ = 0;
};

// A decompressor in Python: `begin`, and `step` for each piece of compressed bytes, which returns
// the size of the content that it wrote to `content`. Negative: an error.
class PythonDecompressor final : public Decompressor {
 public:
  using Begin = int (*)(uint64_t window);
  using Step = int (*)(const uint8_t* bytes, size_t size);

  PythonDecompressor(Begin on_begin, Step on_step, const uint8_t* content)
      : begin_(on_begin), step_(on_step), content_(content) {}
  bool begin(uint64_t window_bytes) override { return begin_(window_bytes) >= 0; }
  bool feed(Bytes compressed, bool (*out)(void*, Bytes), void* context) override {
    const int size = step_(compressed.data, compressed.size);
    return size >= 0 && (size == 0 || out(context, {content_, static_cast<size_t>(size)}));
  }
  bool finish() override { return true; }

 private:
  Begin begin_;
  Step step_;
  const uint8_t* content_;
};

}  // namespace

extern "C" {

void release_manifest(const uint8_t* bytes, size_t size, size_t piece, const char* hardware_id,
                      Release* release) {
  read_release<ReleaseReaderFor<24>>(bytes, size, piece, hardware_id, release);
}

void release_manifest_with_room(const uint8_t* bytes, size_t size, size_t piece,
                                const char* hardware_id, Release* release) {
  read_release<ReleaseReaderFor<4096>>(bytes, size, piece, hardware_id, release);
}

size_t release_reader_size() { return sizeof(ReleaseReaderFor<24>); }

int utf8_is_valid(const uint8_t* bytes, size_t size) {
  Utf8Checker checker;
  checker.begin();
  for (size_t i = 0; i < size; ++i) {
    if (!checker.add(bytes[i])) {
      return 0;
    }
  }
  return checker.is_complete();
}

// Says whether the name is safe.
int read_name(const uint8_t* name, size_t size, size_t piece, uint64_t* folded_hash) {
  NameReader reader;
  reader.begin();
  in_pieces(name, size, piece, [&reader](Bytes each) { reader.feed(each); });
  *folded_hash = reader.folded_hash();
  return reader.is_safe() ? 1 : 0;
}

// `entries` are `count` texts one after the other, of the sizes in `sizes`. Bit 0: the list is
// valid; bit 1: it fits `capacity` entries; bit 2: it allows the name. The memory behind the
// `capacity` entries is full of entries that allow each name.
int allowed_targets(const uint8_t* entries, const size_t* sizes, size_t count, size_t capacity,
                    const uint8_t* name, size_t name_size, size_t piece, int is_user_manifest) {
  AllowedTarget memory[kMaxAllowedTargets + 1];
  for (AllowedTarget& each : memory) {
    each.size = static_cast<uint8_t>(name_size < kMaxAllowedTargetBytes ? name_size : 0);
    memcpy(each.text, name, each.size);
  }
  AllowedTargets allowed;
  allowed.begin(memory, capacity);
  for (size_t i = 0; i < count; ++i) {
    allowed.begin_entry();
    in_pieces(entries, sizes[i], piece, [&allowed](Bytes each) { allowed.feed_entry(each); });
    allowed.end_entry();
    entries += sizes[i];
  }
  const int about_list = (allowed.is_valid() ? 1 : 0) | (allowed.is_complete() ? 2 : 0);
  if (!allowed.is_valid()) {
    return about_list;
  }
  AllowedMatcher matcher;
  matcher.begin(allowed);
  in_pieces(name, name_size, piece, [&](Bytes each) { matcher.feed(each); });
  return about_list | (matcher.is_allowed(is_user_manifest != 0) ? 4 : 0);
}

int compression_verdict(int is_user_manifest, uint64_t algorithm, uint64_t original_length,
                        size_t original_sha256_size) {
  return static_cast<int>(
      check_compression(is_user_manifest != 0, algorithm, original_length, original_sha256_size));
}

int frame_is_good(const uint8_t* bytes, size_t size, size_t piece, uint64_t original_length,
                  uint64_t* window) {
  FrameReader reader;
  reader.begin(original_length);
  in_pieces(bytes, size, piece, [&reader](Bytes each) { reader.feed(each); });
  *window = reader.has_header() ? reader.window() : 0;
  return reader.finish();
}

// Returns CompressedPayload::Result. The decompressor in Python writes to `decompressed`; `content`
// gets the content that the sink got, at most `capacity` bytes.
int decompress(const uint8_t* bytes, size_t size, size_t piece, uint64_t original_length,
               const uint8_t* original_sha256, PythonDecompressor::Begin begin,
               PythonDecompressor::Step step, const uint8_t* decompressed, uint8_t* content,
               size_t capacity, size_t* content_size) {
  const Crypto crypto = {nullptr, nullptr, sha256_blocks};
  PythonDecompressor decompressor(begin, step, decompressed);
  KeepingSink sink(content, capacity);
  CompressedPayload payload;
  payload.begin(crypto, &decompressor, original_length, &sink);
  in_pieces(bytes, size, piece, [&payload](Bytes each) { payload.feed(each); });
  const CompressedPayload::Result result = payload.finish(original_sha256);
  *content_size = sink.size();
  return static_cast<int>(result);
}

}  // extern "C"

}  // namespace software_update
