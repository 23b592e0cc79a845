// Texts as Go 1.26's netip.ParseAddr has them.
#include "engine/template/functions/address.hh"

#include <catch2/catch.hpp>

namespace weir::tmpl {

TEST_CASE("addresses are read as netip reads them") {
  for (const char* text : {"1.2.3.4", "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4",
                           "::ffff:1.2.3.4", "::1%en", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"}) {
    CAPTURE(text);
    CHECK_FALSE(address_fault(text));
  }
  struct Case {
    const char* text;
    const char* fault;
  };
  for (const Case& one : {
           Case{"", "unable to parse IP"},
           Case{"x", "unable to parse IP"},
           Case{"%:", "missing IPv6 address"},
           Case{"::%", "zone must be a non-empty string"},
           Case{"1:2", "address string too short"},
           Case{"1::2::3", "multiple :: in address (at \":3\")"},
           Case{"1x:2", "unexpected character, want colon (at \"x:2\")"},
           Case{"1:", "colon must be followed by more characters (at \":\")"},
           Case{":1", "each colon-separated field must have at least one digit (at \":1\")"},
           Case{"12345::", "each group must have 4 or less digits (at \"12345::\")"},
           Case{"1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")"},
           Case{"1:2:3:4:5:6:7::8", "the :: must expand to at least one field of zeros"},
           Case{"1:2:3:4:5:6:7:1.2.3.4",
                "embedded IPv4 address must replace the final 2 fields of the address (at "
                "\"1.2.3.4\")"},
           Case{"::1.2.3", "IPv4 address too short"},
           Case{"::1.2.3.4.5", "IPv4 address too long"},
           Case{"::1.2.3.256", "IPv4 field has value >255"},
           Case{"::01.2.3.4", "IPv4 field has octet with leading zero"},
           Case{"::1..2", "IPv4 field must have at least one digit (at \".2\")"},
           Case{"1.2.3.4:", "unexpected character (at \":\")"},
       }) {
    CAPTURE(one.text);
    CHECK(address_fault(one.text).value_or("") ==
          std::string("ParseAddr(\"") + one.text + "\"): " + one.fault);
  }
}

}  // namespace weir::tmpl
