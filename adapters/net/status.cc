#include "adapters/net/status.hh"

#include <array>
#include <string_view>
#include <utility>

namespace weir::net {
namespace {

struct StatusWord {
  int status;
  std::string_view word;
  Code code;
};

constexpr std::array status_words = {
    StatusWord{301, "Moved Permanently", Code::invalid},
    StatusWord{302, "Found", Code::invalid},
    StatusWord{304, "Not Modified", Code::invalid},
    StatusWord{307, "Temporary Redirect", Code::invalid},
    StatusWord{308, "Permanent Redirect", Code::invalid},
    StatusWord{400, "Bad Request", Code::invalid},
    StatusWord{401, "Unauthorized", Code::unauthorized},
    StatusWord{403, "Forbidden", Code::forbidden},
    StatusWord{404, "Not Found", Code::not_found},
    StatusWord{405, "Method Not Allowed", Code::invalid},
    StatusWord{406, "Not Acceptable", Code::invalid},
    StatusWord{408, "Request Timeout", Code::timeout},
    StatusWord{409, "Conflict", Code::conflict},
    StatusWord{410, "Gone", Code::gone},
    StatusWord{413, "Request Entity Too Large", Code::limit},
    StatusWord{416, "Requested Range Not Satisfiable", Code::invalid},
    StatusWord{429, "Too Many Requests", Code::rate_limited},
    StatusWord{451, "Unavailable For Legal Reasons", Code::forbidden},
    StatusWord{500, "Internal Server Error", Code::unavailable},
    StatusWord{501, "Not Implemented", Code::unavailable},
    StatusWord{502, "Bad Gateway", Code::unavailable},
    StatusWord{503, "Service Unavailable", Code::unavailable},
    StatusWord{504, "Gateway Timeout", Code::unavailable},
};

const StatusWord* find_status(int status) {
  for (const StatusWord& known : status_words)
    if (known.status == status) return &known;
  return nullptr;
}

}  // namespace

std::string status_text(int status) {
  std::string text = std::to_string(status);
  if (const StatusWord* known = find_status(status)) text.append(" ").append(known->word);
  return text;
}

Code code_of_status(int status) {
  if (const StatusWord* known = find_status(status)) return known->code;
  return status >= 500 ? Code::unavailable : Code::invalid;
}

}  // namespace weir::net
