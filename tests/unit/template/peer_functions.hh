// Functions and types that show templates every kind of Go value; render/main.go of
// tests/peers/gotemplate has the same ones in Go. Static storage, any thread.
#pragma once

#include <span>

#include "engine/template/function.hh"

namespace weir::tmpl {

std::span<const Function> peer_functions();

}  // namespace weir::tmpl
