// Go's net/url: a URL taken apart and put together again. A value; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::tmpl {

struct Url {
  struct User {
    std::string name;
    std::optional<std::string> password;
    std::string to_string() const;
  };

  std::string scheme;
  std::string opaque;
  std::optional<User> user;
  std::string host;  // with its port
  std::string path;
  std::string raw_query;
  std::string fragment;

  // url.Parse. Error: invalid, worded `parse "...": ...`.
  static Result<Url> parse(std::string_view text);
  // URL.String().
  std::string to_string() const;
  std::string host_name() const;
};

}  // namespace weir::tmpl
