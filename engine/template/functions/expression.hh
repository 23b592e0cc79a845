// Go's regular expressions, by RE2: what both read, and the errors of Go's regexp package.
// Any thread; what is compiled is kept by the thread for a while.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace weir::tmpl {

using Expression = std::shared_ptr<const re2::RE2>;

// Never null; whether it can be used is what expression_error says.
Expression compile_expression(std::string_view pattern);
// "error parsing regexp: missing closing ]: `[`"; "" when the pattern has no error.
std::string expression_error(std::string_view pattern, const re2::RE2& expression);

}  // namespace weir::tmpl
