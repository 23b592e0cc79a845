// Whether texts stand in a database: every row of every family as it is, every zstd frame in it
// unpacked, in clear and in base64. usage: secret_scan DIRECTORY <NEEDLES (one a line)
// Prints "needle: family key" for each that is found; ends in 1 when one is, 2 when it cannot read.
#include <zstd.h>

#include <cstdio>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "engine/base/digest.hh"
#include "store/kv.hh"

namespace weir {
namespace {

constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";
constexpr std::size_t unpacked_max = 64u << 20;

std::string unpack(std::string_view frame) {
  std::string out;
  ZSTD_DStream* stream = ZSTD_createDStream();
  ZSTD_inBuffer in{frame.data(), frame.size(), 0};
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  while (out.size() < unpacked_max) {
    ZSTD_outBuffer part{piece.data(), piece.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream, &part, &in);
    out.append(piece.data(), part.pos);
    if (ZSTD_isError(left) != 0U || left == 0 || (in.pos == in.size && part.pos < part.size)) break;
  }
  ZSTD_freeDStream(stream);
  return out;
}

// The texts themselves, and what base64 makes of them wherever they begin in a group of three.
std::vector<std::pair<std::string, std::string>> forms_of(const std::string& needle) {
  std::vector<std::pair<std::string, std::string>> forms = {{needle, needle}};
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string text = base::base64_encode(std::string(shift, 'x') + needle);
    const std::size_t skip = shift == 0 ? 0 : 4;
    text = text.substr(skip, (needle.size() - (shift == 0 ? 0 : 3 - shift)) / 3 * 4);
    if (text.size() >= 8) forms.emplace_back(needle, text);
  }
  return forms;
}

class Scan {
 public:
  explicit Scan(const std::vector<std::string>& needles) {
    for (const std::string& needle : needles)
      for (auto& form : forms_of(needle)) forms_.push_back(std::move(form));
  }

  void row(std::string_view family, std::string_view key, std::string_view value) {
    ++rows_;
    look(family, key, key);
    look(family, key, value);
    for (std::size_t at = 0; (at = value.find(zstd_magic, at)) != std::string_view::npos; ++at)
      look(family, key, unpack(value.substr(at)));
  }

  bool found() const { return !found_.empty(); }
  std::size_t rows() const { return rows_; }

 private:
  void look(std::string_view family, std::string_view key, std::string_view bytes) {
    for (const auto& [needle, text] : forms_) {
      if (bytes.find(text) == std::string_view::npos) continue;
      if (found_.insert(needle + std::string(family) + std::string(key)).second)
        std::printf("%s: %.*s %s\n", needle.c_str(), static_cast<int>(family.size()),
                    family.data(), base::hex_encode(key).substr(0, 80).c_str());
    }
  }

  std::vector<std::pair<std::string, std::string>> forms_;
  std::set<std::string> found_;
  std::size_t rows_ = 0;
};

int run(const std::string& directory) {
  std::vector<std::string> needles;
  for (std::string line; std::getline(std::cin, line);)
    if (!line.empty()) needles.push_back(line);
  const auto kv = store::open_rocks({.directory = directory, .read_only = true});
  if (!kv.ok() || needles.empty()) {
    std::fprintf(stderr, "secret_scan: %s\n",
                 kv.ok() ? "no needles on standard input" : kv.error().message.c_str());
    return 2;
  }
  Scan scan(needles);
  for (std::size_t i = 0; i < store::family_count; ++i) {
    const auto cursor = (*kv)->cursor(static_cast<store::Family>(i));
    const std::string name = std::to_string(i);
    for (cursor->seek(""); cursor->valid(); cursor->next())
      scan.row(name, cursor->key(), cursor->value());
    if (!cursor->status().ok()) return 2;
  }
  std::printf("%zu rows\n", scan.rows());
  return scan.found() ? 1 : 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: secret_scan DIRECTORY <NEEDLES\n");
    return 2;
  }
  return weir::run(argv[1]);
}
