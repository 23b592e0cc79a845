#include "store/note.hh"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temp_directory.hh"

using namespace weir;
using store::SignedNote;
using store::SigningKey;
using store::VerifierKey;

namespace {

// A private key, its public key and a note signed with it, by Go's own implementation.
struct Golden {
  std::string private_key, public_key, note;

  Golden() {
    std::ifstream file(WEIR_SOURCE_DIR "/tests/golden/store/note.txt");
    REQUIRE(std::getline(file, private_key));
    REQUIRE(std::getline(file, public_key));
    note = {std::istreambuf_iterator<char>(file), {}};
  }
  SigningKey key(const test::TempDirectory& directory) const {
    const std::string path = directory.file("key");
    std::ofstream(path) << private_key << "\n";
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    return SigningKey::load(path).value();
  }
};

}  // namespace

TEST_CASE("a note that Go has signed is one of its key, and ours is the same byte for byte") {
  const Golden golden;
  const test::TempDirectory directory;
  const SignedNote note = store::parse_note(golden.note).value();
  const VerifierKey key = VerifierKey::parse(golden.public_key).value();
  CHECK(note.is_signed_by(key));
  CHECK(key.text() == golden.public_key);
  const SigningKey own = golden.key(directory);
  CHECK(own.verifier() == key);
  CHECK(own.sign(note.text) == golden.note);
}

TEST_CASE("a note whose text, signature or key differs by one bit is not signed") {
  const Golden golden;
  const VerifierKey key = VerifierKey::parse(golden.public_key).value();
  for (std::size_t i = 0; i < golden.note.size(); ++i) {
    std::string damaged = golden.note;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const auto note = store::parse_note(damaged);
    INFO("byte " << i);
    CHECK((!note.ok() || !note->is_signed_by(key)));
  }
  VerifierKey other = key;
  other.key[3] ^= 1;
  CHECK_FALSE(store::parse_note(golden.note)->is_signed_by(other));
  other = key;
  other.name = "example.org/other";
  CHECK_FALSE(store::parse_note(golden.note)->is_signed_by(other));
}

TEST_CASE("a second key's signature stands beside the first one's") {
  const Golden golden;
  const SigningKey second = SigningKey::generate("witness").value();
  const SignedNote note = store::parse_note(second.cosign(golden.note)).value();
  CHECK(note.signatures.size() == 2);
  CHECK(note.is_signed_by(VerifierKey::parse(golden.public_key).value()));
  CHECK(note.is_signed_by(second.verifier()));
}

TEST_CASE("a text that is no note or no key is refused by name") {
  CHECK(store::parse_note("").error().code == Code::corrupt);
  CHECK(store::parse_note("text\n").error().code == Code::corrupt);
  CHECK(store::parse_note("text\n\nsomething else\n").error().code == Code::corrupt);
  CHECK(store::parse_note("text\n\n\xe2\x80\x94 name !!!\n").error().code == Code::corrupt);
  CHECK(store::parse_note("text\n\n").error().message == "signed note: no signature");
  CHECK(VerifierKey::parse("name+00000000+AXGRG5icEkDBXecktLf6bT6rEC/4nDDr74U4tf5cv1jA")
            .error()
            .message.find("mistyped") != std::string::npos);
  CHECK(VerifierKey::parse("nonsense").error().code == Code::invalid);
}

TEST_CASE("a key file is made with mode 0600, is read back, and is refused when others may read") {
  const test::TempDirectory directory;
  const std::string path = directory.file("ledger.key");
  CHECK(SigningKey::load(path).error().code == Code::not_found);
  const SigningKey key = SigningKey::generate().value();
  REQUIRE(key.save(path).ok());
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(SigningKey::load(path)->verifier() == key.verifier());
  CHECK(key.verifier().name.starts_with("weir/"));
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK(SigningKey::load(path).error().code == Code::forbidden);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  std::ofstream(path) << "PRIVATE+KEY+x+00000000+AAAA";
  CHECK(SigningKey::load(path).error().code == Code::corrupt);
  CHECK(SigningKey::generate("a name").error().code == Code::invalid);
}
