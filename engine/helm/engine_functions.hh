// The functions of Helm's engine that need the chart being rendered, its templates or the world:
// include, tpl, lookup, getHostByName. The README of this folder says what holds each of them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "engine/helm/engine.hh"
#include "engine/template/function.hh"
#include "engine/template/parse_cache.hh"
#include "engine/template/template.hh"

namespace weir::helm {

// What one render remembers for these functions: Ports::user of its executions.
struct RenderState {
  RenderState();
  ~RenderState();

  const tmpl::FunctionMap* functions = nullptr;  // what texts of `tpl` may call
  tmpl::ParseCache* parsed = nullptr;            // where their parsed form is kept
  Lookup* lookup = nullptr;
  HostNames* hosts = nullptr;

  struct Inline;
  std::unordered_map<std::string, std::size_t> including;
  std::size_t inline_depth = 0;
  // By set and text. A set of an Inline is a key of others, so none is ever dropped.
  std::unordered_map<const tmpl::Set*, std::unordered_map<std::string, std::unique_ptr<Inline>>>
      inlines;
};

std::span<const tmpl::Function> engine_functions();

}  // namespace weir::helm
