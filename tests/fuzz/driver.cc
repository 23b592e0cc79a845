// Runs a libFuzzer harness without libFuzzer: every file of the given folders first, then --count
// inputs made from them by mutation. The seed is printed; the same seed, count and corpus give
// the same inputs. An input that is being tried stands in --crash FILE (default fuzz_crash.bin)
// only when --keep is given, so that runs stay quick.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Random = std::mt19937_64;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t count = 10'000;
  bool keep = false;
  std::string crash = "fuzz_crash.bin";
  std::vector<std::filesystem::path> folders;
};

Options parse_arguments(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const char* const next = i + 1 < count ? arguments[i + 1] : "";
    if (argument == "--seed") {
      options.seed = std::strtoull(next, nullptr, 10), ++i;
    } else if (argument == "--count") {
      options.count = std::strtoull(next, nullptr, 10), ++i;
    } else if (argument == "--crash") {
      options.crash = next, options.keep = true, ++i;
    } else if (argument == "--keep") {
      options.keep = true;
    } else {
      options.folders.emplace_back(argument);
    }
  }
  return options;
}

std::vector<std::string> read_corpus(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::filesystem::path> files;
  for (const auto& folder : folders) {
    if (!std::filesystem::is_directory(folder)) {
      files.push_back(folder);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  if (inputs.empty()) inputs.emplace_back();
  return inputs;
}

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

void mutate_once(std::string& input, const std::vector<std::string>& corpus, Random& random) {
  static constexpr char marks_text[] =
      "{}[]:,\"'\\\n\t -#&*!|>%@?~/0123456789eE.+_\r\0\xff\xc2\xe2";
  static constexpr std::string_view marks(marks_text, sizeof marks_text - 1);
  const std::size_t at = below(random, input.size() + 1);
  const std::size_t length = std::min(below(random, 16) + 1, input.size() - at);
  switch (below(random, 8)) {
    case 0: input.erase(at, length); break;
    case 1: input.insert(at, 1, marks[below(random, marks.size())]); break;
    case 2:
      if (at < input.size()) input[at] = marks[below(random, marks.size())];
      break;
    case 3: input.insert(at, input.substr(at, length)); break;
    case 4:
      if (at < input.size()) input[at] = static_cast<char>(random());
      break;
    case 5: {
      const std::string& other = corpus[below(random, corpus.size())];
      const std::size_t from = below(random, other.size() + 1);
      input.insert(at, other.substr(from, below(random, 64) + 1));
      break;
    }
    case 6: input.resize(at); break;
    default:
      for (std::size_t i = below(random, 600); i > 0; --i)
        input.insert(std::min(at, input.size()), 1, at < input.size() ? input[at] : '[');
      break;
  }
}

void run(const std::string& input, const Options& options) {
  if (options.keep) std::ofstream(options.crash, std::ios::binary) << input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse_arguments(count, arguments);
  const std::vector<std::string> corpus = read_corpus(options.folders);
  std::printf("seed %llu, %zu inputs, %llu mutations\n",
              static_cast<unsigned long long>(options.seed), corpus.size(),
              static_cast<unsigned long long>(options.count));
  std::fflush(stdout);
  for (const std::string& input : corpus) run(input, options);
  Random random(options.seed);
  for (std::uint64_t i = 0; i < options.count; ++i) {
    std::string input = corpus[below(random, corpus.size())];
    for (std::size_t edits = below(random, 4) + 1; edits > 0; --edits)
      mutate_once(input, corpus, random);
    run(input, options);
  }
  return 0;
}
