#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "adapters/openpgp/signed_text.hh"

using namespace weir;

namespace {

std::string golden(const std::string& name) {
  std::ifstream in(WEIR_SOURCE_DIR "/tests/golden/openpgp/" + name, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  REQUIRE_FALSE(bytes.empty());
  return bytes;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Result<std::string> verified_text(const std::string& message, const std::string& keyring) {
  WEIR_TRY(const auto ring, openpgp::Keyring::read(keyring));
  return ring->verified_text(message);
}

std::string refusal(const std::string& message, const std::string& keyring) {
  const auto text = verified_text(message, keyring);
  return text.ok() ? "taken: " + *text : text.error().message;
}

const std::string chart = "apiVersion: v2\nname: c\nversion: 1.0.0\n\n...\nfiles:\n  c-1.0.0.tgz: ";

}  // namespace

TEST_CASE("the text that a key of the ring signed is handed over, whatever kind the key is of") {
  CHECK(verified_text(golden("rsa.prov"), golden("rsa.gpg")).value().starts_with(chart));
  CHECK(verified_text(golden("ed.prov"), golden("ed.gpg")).value().starts_with(chart));
  CHECK(verified_text(golden("gpg.prov"), golden("rsa.gpg")).value().starts_with(chart));
  const std::string both = golden("other.gpg") + golden("ed.gpg") + golden("rsa.gpg");
  CHECK(verified_text(golden("rsa.prov"), both).ok());
  CHECK(verified_text(golden("rsa.prov"), golden("secret.gpg")).ok());
}

TEST_CASE("of two signatures one by a known key is enough") {
  CHECK(verified_text(golden("two.prov"), golden("rsa.gpg")).ok());
  CHECK(verified_text(golden("two.prov"), golden("other.gpg")).ok());
  CHECK(refusal(golden("two.prov"), golden("ed.gpg")) ==
        "openpgp: signature made by unknown entity");
}

TEST_CASE("lines are signed without their dashes, their ends and what is blank before them") {
  const std::string text = verified_text(golden("dashes.prov"), golden("rsa.gpg")).value();
  CHECK(text.starts_with("- dash\n"));
  CHECK(text.find("\n- trailing dash\n") != std::string::npos);
  const std::string ring = golden("rsa.gpg"), message = golden("rsa.prov");
  CHECK(verified_text(replaced(message, "name: c\n", "name: c \t\n"), ring).ok());
  std::string crlf;
  for (const char c : message) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(verified_text(crlf, ring).ok());
  CHECK(verified_text("some text before\n" + message + "\nand behind\n", ring).ok());
}

TEST_CASE("a text that was changed, or signed by somebody else, is refused") {
  const std::string message = golden("rsa.prov");
  CHECK(refusal(message, golden("other.gpg")) == "openpgp: signature made by unknown entity");
  CHECK(refusal(message, "") == "openpgp: signature made by unknown entity");
  CHECK(refusal(replaced(message, "1.0.0\n", "1.0.1\n"), golden("rsa.gpg")) ==
        "openpgp: invalid signature: RSA verification failure");
  CHECK(refusal(replaced(golden("ed.prov"), "1.0.0\n", "1.0.1\n"), golden("ed.gpg")) ==
        "openpgp: invalid signature: EdDSA verification failure");
  // Nothing outside of what is signed is handed over.
  const std::string before = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nevil: 1\n";
  CHECK_FALSE(verified_text(before + message, golden("rsa.gpg")).ok());
}

TEST_CASE("what is no clear-signed message, or no ring, is told in Go's words") {
  const std::string message = golden("rsa.prov"), ring = golden("rsa.gpg");
  for (const std::string& broken : {std::string(), std::string("hello\n"),
                                    message.substr(0, message.find("-----BEGIN PGP SIGNATURE")),
                                    message.substr(0, message.find("-----END")),
                                    replaced(message, "Hash: SHA512", "Foo: x"), " " + message})
    CHECK(refusal(broken, ring) == "signature block not found");
  CHECK(refusal(message, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n") ==
        "openpgp: invalid data: tag byte does not have MSB set");
  CHECK(refusal(message, ring.substr(0, 300)) == "unexpected EOF");
  CHECK(openpgp::Keyring::read(ring).ok());
  CHECK_FALSE(openpgp::Keyring::read("x").ok());
}
