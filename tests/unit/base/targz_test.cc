#include "engine/base/targz.hh"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>

using namespace weir;
using base::MemoryFileTree;

namespace {

MemoryFileTree sample() {
  MemoryFileTree tree;
  tree.add("deploy/a.yaml", std::string("a: 1\n"));
  tree.add("run.sh", std::string("#!/bin/sh\n"), true);
  tree.add(std::string(120, 'd') + "/" + std::string(90, 'f'), std::string("long"));
  tree.add("grüße.txt", std::string("utf-8"));
  tree.add("big", std::string(100'000, 'x'));
  tree.add("empty", std::string());
  tree.add_directory("void");
  return tree;
}

// A tar entry as some other tool would write it.
std::string entry(std::string name, char type, std::string_view content, std::string_view magic) {
  std::string header(512, '\0');
  name.resize(std::min<std::size_t>(name.size(), 100));
  header.replace(0, name.size(), name);
  char number[16];
  std::snprintf(number, sizeof number, "%07o", 0644);
  header.replace(100, 7, number, 7);
  std::snprintf(number, sizeof number, "%011zo", content.size());
  header.replace(124, 11, number, 11);
  header[156] = type;
  header.replace(257, magic.size(), magic);
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(number, sizeof number, "%06o", sum);
  header.replace(148, 7, number, 7);
  std::string out = header + std::string(content);
  out.append((512 - content.size() % 512) % 512, '\0');
  return out;
}

// A gzip member with one stored block: what an archive holds matters here, not how it was packed.
std::string gzipped(std::string_view tar) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  unsigned crc = 0xFFFFFFFFu;
  for (const char c : tar) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  crc = ~crc;
  for (std::size_t at = 0; at < tar.size(); at += 65535) {
    const auto part = tar.substr(at, 65535);
    out += at + part.size() == tar.size() ? '\1' : '\0';
    const auto size = static_cast<unsigned>(part.size());
    for (const unsigned field : {size, ~size}) {
      out += static_cast<char>(field & 0xff);
      out += static_cast<char>(field >> 8 & 0xff);
    }
    out += part;
  }
  for (const std::size_t field : {std::size_t{crc}, tar.size()})
    for (int i = 0; i < 4; ++i) out += static_cast<char>(field >> (8 * i) & 0xff);
  return out;
}

Error refused(std::string_view tar, const base::UnpackLimits& caps = {}) {
  auto unpacked = base::unpack_targz(gzipped(tar), caps);
  REQUIRE_FALSE(unpacked.ok());
  return std::move(unpacked).error();
}

constexpr std::string_view ustar("ustar\00000", 8);

}  // namespace

TEST_CASE("what was packed unpacks to the same files") {
  const MemoryFileTree tree = sample();
  const std::string packed = base::pack_targz(tree).value();
  const auto unpacked = base::unpack_targz(packed).value();
  for (const char* path : {"deploy/a.yaml", "run.sh", "grüße.txt", "big", "empty"})
    CHECK(*unpacked->read(path).value() == *tree.read(path).value());
  CHECK(*unpacked->read(std::string(120, 'd') + "/" + std::string(90, 'f')).value() == "long");
  CHECK(unpacked->stat("void") == base::EntryType::directory);
  const auto entries = unpacked->list("").value();
  CHECK(std::count_if(entries.begin(), entries.end(),
                      [](const auto& one) { return one.executable; }) == 1);
  CHECK(base::pack_targz(*unpacked).value() == packed);
}

TEST_CASE("the ignore rules decide what is packed, links never are") {
  MemoryFileTree tree = sample();
  tree.add("keep/b.md", std::string("b"));
  const auto rules = base::IgnoreRules::load(tree, "/*\n!/keep").value();
  const auto filtered = base::filter_tree(tree, &rules).value();
  const auto entries = filtered->list("").value();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == "keep");
  CHECK(filtered->read("keep/b.md").value() == tree.read("keep/b.md").value());
}

TEST_CASE("the real tar reads our archives as the contract says") {
  if (std::system("tar --version >/dev/null 2>&1") != 0) {
    WARN("SKIPPED: no tar");
    return;
  }
  char name[] = "/tmp/weir-tar-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  std::ofstream(folder + "/a.tgz") << base::pack_targz(sample()).value();
  const std::string command =
      "cd " + folder + " && tar --utc --numeric-owner -tvzf a.tgz > list && rm a.tgz";
  REQUIRE(std::system(command.c_str()) == 0);
  std::ifstream file(folder + "/list");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  REQUIRE(lines.size() == 10);
  CHECK(lines[0] == "drwxr-x--- 0/0               0 1970-01-01 00:00 .");
  CHECK(lines[1] == "-rw------- 0/0          100000 1970-01-01 00:00 big");
  CHECK_THAT(lines[2], Catch::StartsWith("drwxr-x--- 0/0               0 1970-01-01 00:00 dddd"));
  CHECK(lines[4] == "drwxr-x--- 0/0               0 1970-01-01 00:00 deploy/");
  CHECK_THAT(lines[8], Catch::StartsWith("-rwx------ 0/0") && Catch::EndsWith("run.sh"));
  CHECK(std::system(("rm -r " + folder).c_str()) == 0);
}

TEST_CASE("archives of other tools are read") {
  const std::string long_name(150, 'n');
  const std::string tar = entry("./", '5', "", ustar) + entry("./plain", '0', "1", ustar) +
                          entry("old", '\0', "2", "") + entry("ignored", '2', "", ustar) +
                          entry("././@LongLink", 'L', long_name + std::string(1, '\0'), "ustar  ") +
                          entry(long_name, '0', "3", "ustar  ") +
                          entry("g", 'g', "19 comment=sha1ab\n", ustar) +
                          entry("x", 'x', "21 path=pax/name.txt\n", ustar) +
                          entry("short", '0', "4", ustar) + std::string(1024, '\0');
  const auto tree = base::unpack_targz(gzipped(tar));
  INFO((tree.ok() ? "" : tree.error().message));
  REQUIRE(tree.ok());
  CHECK(*(*tree)->read("plain").value() == "1");
  CHECK(*(*tree)->read("old").value() == "2");
  CHECK(*(*tree)->read(long_name).value() == "3");
  CHECK(*(*tree)->read("pax/name.txt").value() == "4");
  CHECK_FALSE((*tree)->stat("ignored"));
}

TEST_CASE("hostile archives end in an error") {
  for (const char* name : {"../x", "a/../x", "/etc/x", "a\\b", "..", "a/.."})
    CHECK_THAT(refused(entry(name, '0', "x", ustar)).message, Catch::Contains("invalid name"));
  for (const char type : {'1', '3', '6'})
    CHECK_THAT(refused(entry("x", type, "", ustar)).message,
               Catch::Contains("unsupported file type"));
  CHECK(refused(entry("a", '0', "x", ustar) + entry("a/b", '0', "x", ustar)).code == Code::invalid);
  CHECK(refused(entry("x", 'x', "99 path=a\n", ustar)).code == Code::invalid);
  CHECK(refused(entry("a", '0', "x", ustar).substr(0, 600)).code == Code::invalid);
  CHECK(refused(std::string(512, 'z')).code == Code::invalid);
  CHECK(base::unpack_targz("no gzip").error().code == Code::invalid);
  CHECK(base::unpack_targz("").error().code == Code::invalid);
}

TEST_CASE("archives past a cap are refused") {
  const std::string two =
      entry("a", '0', std::string(2000, 'x'), ustar) + entry("b", '0', "x", ustar);
  CHECK(refused(two, {1, 1 << 20, 1 << 20}).code == Code::limit);
  CHECK(refused(two, {10, 1024, 1 << 20}).code == Code::limit);
  CHECK(refused(two, {10, 1 << 20, 1000}).code == Code::limit);
}
