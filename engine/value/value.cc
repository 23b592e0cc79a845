#include "engine/value/value.hh"

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

namespace weir::value {

namespace {

struct Counted {
  std::atomic<std::uint32_t> count{1};
};

// By the tag's high four bits.
constexpr std::string_view null_words[] = {"null", "", "~", "Null", "NULL"};
constexpr std::size_t index_threshold = 16;
constexpr std::size_t first_members = 4;  // most objects have a few

const Value& shared_null() {
  static const Value null;
  return null;
}

}  // namespace

struct Value::StringRep : Counted {
  std::uint32_t size = 0;
  char bytes[1];

  static StringRep* make(std::string_view text) {
    void* memory = ::operator new(sizeof(StringRep) + text.size());
    auto* created = new (memory) StringRep;
    WEIR_ASSERT(text.size() <= UINT32_MAX);
    created->size = static_cast<std::uint32_t>(text.size());
    std::memcpy(static_cast<void*>(created->bytes), text.data(), text.size());
    return created;
  }
  static void destroy(StringRep* rep) {
    rep->~StringRep();
    ::operator delete(rep);
  }
};

struct Value::ArrayRep : Counted {
  std::vector<Value> items;
};

struct Value::ObjectRep : Counted {
  // Index from key to position, built once the object has grown past index_threshold. Keys view
  // into the members' own storage only when that is stable, so the index holds hashes and is
  // checked by comparison.
  using Index = std::unordered_multimap<std::size_t, std::uint32_t>;

  std::vector<Member> members;
  std::unique_ptr<Index> index;

  std::size_t position(std::string_view key) const {
    if (index != nullptr) {
      const auto [from, to] = index->equal_range(std::hash<std::string_view>()(key));
      for (auto it = from; it != to; ++it)
        if (members[it->second].name() == key) return it->second;
      return members.size();
    }
    for (std::size_t i = 0; i < members.size(); ++i)
      if (members[i].name() == key) return i;
    return members.size();
  }

  void append(Member member) {
    if (members.capacity() == 0) members.reserve(first_members);
    members.push_back(std::move(member));
    if (index != nullptr) {
      add_to_index(members.size() - 1);
    } else if (members.size() > index_threshold) {
      rebuild_index();
    }
  }

  void add_to_index(std::size_t at) {
    index->emplace(std::hash<std::string_view>()(members[at].name()),
                   static_cast<std::uint32_t>(at));
  }

  void rebuild_index() {
    index.reset();
    if (members.size() <= index_threshold) return;
    index = std::make_unique<Index>();
    index->reserve(members.size() * 2);
    for (std::size_t i = 0; i < members.size(); ++i) add_to_index(i);
  }
};

std::string_view kind_name(Kind kind) {
  static constexpr std::string_view names[] = {"null",     "boolean", "integer", "integer",
                                               "floating", "string",  "array",   "object"};
  return names[static_cast<std::size_t>(kind)];
}

Value::Value(std::string_view text) : Value() {
  if (text.size() <= inline_max) {
    if (!text.empty()) std::memcpy(data_, text.data(), text.size());
    tag_ = static_cast<std::uint8_t>(static_cast<std::uint8_t>(Kind::string) | (text.size() << 4));
    return;
  }
  set_rep(StringRep::make(text), Kind::string);
}

Value Value::spelled_null(std::string_view word) noexcept {
  Value result;
  for (std::uint8_t i = 2; i < std::size(null_words); ++i)
    if (word == null_words[i]) result.tag_ = static_cast<std::uint8_t>(i << 4);
  return result;
}

std::string_view Value::null_word() const {
  WEIR_ASSERT(is_null());
  return null_words[tag_ >> 4];
}

void Value::set_spelling(std::string_view text) {
  if ((!is_number() && !is_bool()) || text.size() > spelling_max) return;
  std::memcpy(data_ + spelling_at, text.data(), text.size());
  tag_ = static_cast<std::uint8_t>((tag_ & kind_mask) | (text.size() << 4));
}

std::string_view Value::spelling() const {
  if (!is_number() && !is_bool()) return {};
  return {reinterpret_cast<const char*>(data_) + spelling_at, static_cast<std::size_t>(tag_ >> 4)};
}

bool Value::is_quoted() const {
  if (!is_string()) return false;
  return (tag_ & heap_bit) ? (tag_ & quoted_bit) != 0 : data_[inline_max] != 0;
}

void Value::set_quoted(bool quoted) {
  if (!is_string()) return;
  if ((tag_ & heap_bit) == 0) {
    data_[inline_max] = quoted ? 1 : 0;
  } else {
    tag_ = static_cast<std::uint8_t>(quoted ? tag_ | quoted_bit : tag_ & ~quoted_bit);
  }
}

Value Value::object() {
  Value created;
  created.set_rep(new ObjectRep, Kind::object);
  return created;
}

Value Value::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Value created = object();
  for (const auto& [key, value] : members) created.append_member(key, value);
  return created;
}

Value Value::array() {
  Value created;
  created.set_rep(new ArrayRep, Kind::array);
  return created;
}

Value Value::array(std::initializer_list<Value> items) {
  Value created = array();
  created.own_array().items.assign(items.begin(), items.end());
  return created;
}

Value::Value(const Value& other) noexcept {
  std::memcpy(static_cast<void*>(this), &other, sizeof *this);
  if (tag_ & heap_bit) retain();
}

Value::Value(Value&& other) noexcept {
  std::memcpy(static_cast<void*>(this), &other, sizeof *this);
  other.tag_ = 0;
}

Value& Value::operator=(const Value& other) noexcept {
  Value copy(other);
  return *this = std::move(copy);
}

Value& Value::operator=(Value&& other) noexcept {
  if (this == &other) return *this;
  // The old contents die last: `other` may live inside them.
  Value old(std::move(*this));
  std::memcpy(static_cast<void*>(this), &other, sizeof *this);
  other.tag_ = 0;
  return *this;
}

void Value::retain() const noexcept {
  rep<Counted>()->count.fetch_add(1, std::memory_order_relaxed);
}

void Value::release() noexcept {
  auto* counted = rep<Counted>();
  if (counted->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  switch (kind()) {
    case Kind::string: StringRep::destroy(rep<StringRep>()); break;
    case Kind::array: delete rep<ArrayRep>(); break;
    default: delete rep<ObjectRep>(); break;
  }
}

bool Value::as_bool() const {
  WEIR_ASSERT(is_bool());
  return data_[0] != 0;
}

std::int64_t Value::as_int() const {
  WEIR_ASSERT(kind() == Kind::integer);
  std::int64_t number;
  std::memcpy(&number, data_, sizeof number);
  return number;
}

std::uint64_t Value::as_uint() const {
  WEIR_ASSERT(kind() == Kind::unsigned_integer || (kind() == Kind::integer && as_int() >= 0));
  std::uint64_t number;
  std::memcpy(&number, data_, sizeof number);
  return number;
}

double Value::as_double() const {
  if (kind() == Kind::integer) return static_cast<double>(as_int());
  if (kind() == Kind::unsigned_integer) return static_cast<double>(as_uint());
  WEIR_ASSERT(kind() == Kind::floating);
  double number;
  std::memcpy(&number, data_, sizeof number);
  return number;
}

std::string_view Value::as_string() const {
  WEIR_ASSERT(is_string());
  if (tag_ & heap_bit) {
    const auto* text = rep<StringRep>();
    return {text->bytes, text->size};
  }
  return {reinterpret_cast<const char*>(data_), static_cast<std::size_t>(tag_ >> 4)};
}

std::size_t Value::size() const {
  if (is_array()) return rep<ArrayRep>()->items.size();
  if (is_object()) return rep<ObjectRep>()->members.size();
  return 0;
}

std::span<const Member> Value::members() const {
  if (!is_object()) return {};
  return rep<ObjectRep>()->members;
}

const Value* Value::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const auto* contents = rep<ObjectRep>();
  const std::size_t at = contents->position(key);
  return at == contents->members.size() ? nullptr : &contents->members[at].value;
}

const Value& Value::operator[](std::string_view key) const {
  const Value* found = find(key);
  return found != nullptr ? *found : shared_null();
}

Value* Value::find_mut(std::string_view key) {
  if (!is_object()) return nullptr;
  const std::size_t at = rep<ObjectRep>()->position(key);
  if (at == rep<ObjectRep>()->members.size()) return nullptr;
  return &own_object().members[at].value;
}

Value& Value::entry(std::string_view key) {
  ObjectRep& contents = own_object();
  const std::size_t at = contents.position(key);
  if (at == contents.members.size()) contents.append({Value(key), Value()});
  return contents.members[at].value;
}

void Value::append_member(Value key, Value value) {
  WEIR_ASSERT(key.is_string());
  own_object().append({std::move(key), std::move(value)});
}

bool Value::erase(std::string_view key) {
  if (!is_object()) return false;
  const std::size_t at = rep<ObjectRep>()->position(key);
  if (at == rep<ObjectRep>()->members.size()) return false;
  ObjectRep& contents = own_object();
  contents.members.erase(contents.members.begin() + static_cast<std::ptrdiff_t>(at));
  contents.rebuild_index();
  return true;
}

void Value::sort_members() {
  if (!is_object()) return;
  const auto by_name = [](const Member& a, const Member& b) { return a.name() < b.name(); };
  const auto sorted = members();
  if (std::is_sorted(sorted.begin(), sorted.end(), by_name)) return;
  ObjectRep& contents = own_object();
  std::stable_sort(contents.members.begin(), contents.members.end(), by_name);
  contents.rebuild_index();
}

Member& Value::member_mut(std::size_t index) {
  WEIR_ASSERT(is_object());
  ObjectRep& contents = own_object();
  WEIR_ASSERT(index < contents.members.size());
  contents.index.reset();  // the caller may rename the key
  return contents.members[index];
}

void Value::reserve(std::size_t count) {
  if (is_object()) own_object().members.reserve(count);
  if (is_array()) own_array().items.reserve(count);
}

std::span<const Value> Value::items() const {
  if (!is_array()) return {};
  return rep<ArrayRep>()->items;
}

const Value& Value::at(std::size_t index) const {
  WEIR_ASSERT(index < size() && is_array());
  return rep<ArrayRep>()->items[index];
}

Value& Value::item_mut(std::size_t index) {
  WEIR_ASSERT(is_array() && index < size());
  return own_array().items[index];
}

void Value::push_back(Value value) { own_array().items.push_back(std::move(value)); }

void Value::insert(std::size_t index, Value value) {
  auto& items = own_array().items;
  WEIR_ASSERT(index <= items.size());
  items.insert(items.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
}

void Value::erase_at(std::size_t index) {
  WEIR_ASSERT(is_array() && index < size());
  auto& items = own_array().items;
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
}

void Value::truncate(std::size_t count) {
  if (!is_array() || count >= size()) return;
  own_array().items.resize(count);
}

bool Value::same_storage(const Value& other) const {
  return (tag_ & heap_bit) && tag_ == other.tag_ && rep<Counted>() == other.rep<Counted>();
}

Value::ArrayRep& Value::own_array() {
  if (is_null()) *this = array();
  WEIR_ASSERT(is_array());
  auto* contents = rep<ArrayRep>();
  if (contents->count.load(std::memory_order_acquire) > 1) {
    auto* copy = new ArrayRep;
    copy->items = contents->items;
    release();
    set_rep(copy, Kind::array);
    contents = copy;
  }
  return *contents;
}

Value::ObjectRep& Value::own_object() {
  if (is_null()) *this = object();
  WEIR_ASSERT(is_object());
  auto* contents = rep<ObjectRep>();
  if (contents->count.load(std::memory_order_acquire) > 1) {
    auto* copy = new ObjectRep;
    copy->members = contents->members;
    copy->rebuild_index();
    release();
    set_rep(copy, Kind::object);
    contents = copy;
  }
  return *contents;
}

bool Value::equal(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.same_storage(b)) return true;
  switch (a.kind()) {
    case Kind::null: return true;
    case Kind::boolean: return a.as_bool() == b.as_bool();
    case Kind::integer: return a.as_int() == b.as_int();
    case Kind::unsigned_integer: return a.as_uint() == b.as_uint();
    case Kind::floating: return a.as_double() == b.as_double();
    case Kind::string: return a.as_string() == b.as_string();
    case Kind::array:
      return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end());
    case Kind::object: break;
  }
  if (a.size() != b.size()) return false;
  const auto left = a.members(), right = b.members();
  for (std::size_t i = 0; i < left.size(); ++i) {
    // Members mostly stand at the same place on both sides; look there first.
    const std::string_view name = left[i].name();
    const Value* other = right[i].name() == name ? &right[i].value : b.find(name);
    if (other == nullptr || !(left[i].value == *other)) return false;
  }
  return true;
}

}  // namespace weir::value
