#include <catch2/catch.hpp>

#include "tests/unit/template_functions/render.hh"

namespace {

using namespace weir;
using tmpl::render;

}  // namespace

TEST_CASE("the same randomness gives the same keys and certificates, another gives others") {
  for (const std::string text :
       {R"({{ genCA "ca" 1 }})", R"({{ genPrivateKey "ecdsa" }})",
        R"({{ genPrivateKey "ed25519" }})", R"({{ genCAWithKey "ca" 1 (genPrivateKey "ecdsa") }})",
        R"({{ uuidv4 }})", R"({{ randAlphaNum 20 }})", R"({{ encryptAES "k" "text" }})",
        R"({{ htpasswd "u" "p" }})", R"({{ shuffle "abcdefghijklmnopqrstuvwxyz" }})",
        R"({{ randInt 0 1000000000 }})"}) {
    INFO(text);
    const auto first = render(text, Value::object(), 1);
    CHECK(first.error.empty());
    CHECK(first.output == render(text, Value::object(), 1).output);
    CHECK(first.output != render(text, Value::object(), 2).output);
  }
}

TEST_CASE("random texts hold what their names say") {
  CHECK(render(R"({{ regexMatch "^[a-zA-Z0-9]{200}$" (randAlphaNum 200) }})").output == "true");
  CHECK(render(R"({{ regexMatch "^[a-zA-Z]{200}$" (randAlpha 200) }})").output == "true");
  CHECK(render(R"({{ regexMatch "^[0-9]{200}$" (randNumeric 200) }})").output == "true");
  CHECK(render(R"({{ regexMatch "^[ -~]{200}$" (randAscii 200) }})").output == "true");
  CHECK(render(R"({{ len (b64dec (randBytes 33)) }})").output == "33");
  CHECK(render(R"({{ regexMatch "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" uuidv4 }})").output ==
        "true");
}

TEST_CASE("what was encrypted can be decrypted, and only with its password") {
  CHECK(render(R"({{ decryptAES "key" (encryptAES "key" "plain text") }})").output == "plain text");
  CHECK(render(R"({{ eq (len (encryptAES "k" "0123456789abcdef")) 64 }})").output == "true");
  CHECK(render(R"({{ decryptAES "other" (encryptAES "key" "plain text") }})").output !=
        "plain text");
}

TEST_CASE("a password hash is one of bcrypt's with cost 10") {
  CHECK(render(R"({{ regexMatch "^u:\\$2a\\$10\\$[./A-Za-z0-9]{53}$" (htpasswd "u" "p") }})")
            .output == "true");
  CHECK(render(R"({{ bcrypt (repeat 73 "a") }})").output ==
        "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes");
}

TEST_CASE("a certificate that was made can be given back") {
  CHECK(render(
            R"({{ $ca := genCA "ca" 1 }}
{{- $c := genSignedCert "a" (list "10.0.0.1") (list "a.b") 1 $ca }}
{{- $b := buildCustomCert (b64enc $c.Cert) (b64enc $c.Key) }}
{{- eq $b.Cert $c.Cert }}{{ ne $c.Key $ca.Key }})")
            .output == "truetrue");
}

TEST_CASE("the key that is given is the key of the certificate") {
  for (const std::string type : {"ecdsa", "ed25519"}) {
    INFO(type);
    CHECK(render("{{ $k := genPrivateKey \"" + type +
                 "\" }}{{ eq $k (genCAWithKey \"a\" 1 $k).Key }}")
              .output == "true");
  }
}

TEST_CASE("a certificate is not signed with another authority's key") {
  const auto rendered = render(
      R"({{ $a := genCAWithKey "a" 1 (genPrivateKey "ecdsa") }}
{{- $b := genCAWithKey "b" 1 (genPrivateKey "ecdsa") }}
{{- $mixed := buildCustomCert (b64enc $a.Cert) (b64enc $b.Key) }}
{{- genSignedCertWithKey "x" nil nil 1 $mixed (genPrivateKey "ecdsa") }})");
  CHECK(rendered.error.find("provided PrivateKey doesn't match parent's PublicKey") !=
        std::string::npos);
}

TEST_CASE("the time is the clock's") {
  CHECK(render(R"({{ now | unixEpoch }} {{ now | dateInZone "2006-01-02" | len }})")
            .output.substr(0, 10) == "1700000000");
  CHECK(render(R"({{ ago 1699999000 }})").output == "16m40s");
}

TEST_CASE("without a clock or randomness the functions that need them fail") {
  tmpl::FunctionMap functions;
  tmpl::add_helm_functions(functions);
  for (const std::string text : {"{{ now }}", "{{ uuidv4 }}", "{{ genCA \"a\" 1 }}"}) {
    INFO(text);
    tmpl::Set set;
    REQUIRE(set.parse("t", text, functions).ok());
    CHECK_FALSE(set.execute("t", tmpl::Datum::map()).ok());
  }
}

TEST_CASE("a hostile template ends at a cap") {
  for (const std::string text : {
           R"({{ repeat 9000000000000000000 "x" }})",
           R"({{ indent 9000000000000000000 "x" }})",
           R"({{ until 9000000000000000000 }})",
           R"({{ seq 9000000000000000000 }})",
           R"({{ randAlpha 9000000000000000000 }})",
           R"({{ randBytes 9000000000000000000 }})",
           R"({{ $s := "0123456789" }}{{ range until 64 }}{{ $s = replace "" $s $s }}{{ end }})",
           R"({{ $l := list 1 }}{{ range until 64 }}{{ $l = concat $l $l }}{{ end }})",
           R"({{ $l := list }}{{ range until 64 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }})",
           R"({{ $l := list }}{{ range until 64 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }})",
           "{{ $l := list }}{{ range until 64 }}{{ $l = list $l $l }}{{ end }}"
           "{{ toYamlPretty $l }}",
           R"({{ $l := list }}{{ range until 64 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }})",
           "{{ $m := dict }}{{ range until 64 }}{{ $m = dict 1 $m 2 $m }}{{ end }}"
           "{{ toToml $m }}",
           R"({{ $m := dict }}{{ $_ := set $m "m" $m }}{{ toToml $m }})",
           R"({{ $m := dict }}{{ $_ := set $m "m" $m }}{{ deepCopy $m }})",
       }) {
    INFO(text);
    tmpl::Budget budget;
    budget.steps_left = 1'000'000;
    budget.bytes_left = 4u << 20;
    const auto rendered = render(text, Value::object(), 1, &budget);
    CHECK_FALSE(rendered.error.empty());
    CHECK(rendered.code == Code::limit);
  }
}

TEST_CASE("a map that holds itself has no JSON") {
  CHECK(render(R"({{ $m := dict }}{{ $_ := set $m "m" $m }}[{{ toJson $m }}{{ toYaml $m }}])")
            .output == "[]");
}

TEST_CASE("a template without cause finds no environment") {
  CHECK(render("{{ env \"HOME\" }}").error == "template: t:1: function \"env\" not defined");
  CHECK(render("{{ expandenv \"$HOME\" }}").error ==
        "template: t:1: function \"expandenv\" not defined");
}
