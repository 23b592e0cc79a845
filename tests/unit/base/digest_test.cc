#include "engine/base/digest.hh"

#include <catch2/catch.hpp>

using namespace weir::base;

TEST_CASE("sha256 of nothing and of abc are the published vectors") {
  CHECK(sha256("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc").to_string() ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("hashing in pieces equals hashing at once") {
  Sha256 pieces;
  pieces.update("a");
  pieces.update("");
  pieces.update("bc");
  CHECK(pieces.finish() == sha256("abc"));
}

TEST_CASE("a digest is read with and without its prefix, and nothing else is") {
  const Digest digest = sha256("x");
  CHECK(Digest::parse(digest.to_string()).value() == digest);
  CHECK(Digest::parse(digest.hex()).value() == digest);
  CHECK_FALSE(Digest::parse("sha256:12").ok());
  CHECK_FALSE(Digest::parse("md5:" + digest.hex()).ok());
  CHECK_FALSE(Digest::parse(digest.hex().replace(0, 1, "g")).ok());
  CHECK(Digest().empty());
  CHECK_FALSE(digest.empty());
}

TEST_CASE("base64 round-trips every length and takes input without padding") {
  std::string bytes;
  for (int length = 0; length < 20; ++length) {
    CHECK(base64_decode(base64_encode(bytes)).value() == bytes);
    bytes += static_cast<char>(250 + length);
  }
  CHECK(base64_encode("a") == "YQ==");
  CHECK(base64_decode("YQ").value() == "a");
  CHECK(base64_decode("Y\nQ=\n=").value() == "a");
  CHECK_FALSE(base64_decode("Y*==").ok());
}

TEST_CASE("hex round-trips and refuses odd or foreign text") {
  CHECK(hex_encode(std::string_view("\x00\xff", 2)) == "00ff");
  CHECK(hex_decode("00FF").value() == std::string("\x00\xff", 2));
  CHECK_FALSE(hex_decode("0").ok());
  CHECK_FALSE(hex_decode("0g").ok());
}
