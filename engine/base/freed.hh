// The deleter of a library's objects: std::unique_ptr<BIGNUM, Freed<BN_clear_free>>.
#pragma once

namespace weir::base {

template <auto free_function>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    free_function(pointer);
  }
};

}  // namespace weir::base
