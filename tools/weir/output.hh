// What verbs print: Flux's tables on stdout, progress marks on stderr, objects as YAML or JSON.
//
// Colour only where the stream is a terminal and NO_COLOR is not set. Single-threaded but for the
// marks,
// each of which is one write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::cli {

struct Table {
  std::vector<std::string> header;  // printed in upper case; empty = no header line
  std::vector<std::vector<std::string>> rows;
};

// Flux's layout: cells padded with spaces to their column's width, a tab behind each.
std::string format_table(const Table& table);
// To stdout, and flushed.
void print_table(const Table& table);
void print(std::string_view text);

// Ends the program with this exit code, at least 1 when output that stdio still held cannot be
// written. Nothing is taken apart first: a render's memory and the libraries' tables take as long
// to free as a small chart takes to render. Sanitized builds end as usual, to look for leaks.
[[noreturn]] void leave(int code);

// One line on stderr: "► text", "✚ text", "✔ text", "✗ text", "◎ text", "⚠️ text".
void say_action(std::string_view text);
void say_generating(std::string_view text);
void say_success(std::string_view text);
void say_failure(std::string_view text);
void say_waiting(std::string_view text);
void say_warning(std::string_view text);

// Objects without managedFields: "yaml" documents or "json", a List when there are several.
void print_objects(const std::vector<Value>& objects, std::string_view format);

// 40 to 128 hexadecimal digits that stand as a word, cut to 8: revisions for people.
std::string truncate_hex(std::string_view text);
// "True", "False".
std::string title_bool(bool value);

}  // namespace weir::cli
