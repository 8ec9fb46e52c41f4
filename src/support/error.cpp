#include <theon/error.h>

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

namespace theon {

namespace {

struct Frame {
  std::string name;
  Location caller;
};

std::vector<Frame>& open_scopes() {
  thread_local std::vector<Frame> frames;
  return frames;
}

std::string_view without_folders(std::string_view path) { return path.substr(path.find_last_of("/\\") + 1); }

/// The message between the user's line and the lines of the open scopes, innermost first.
std::string with_places(Location where, const std::string& message) {
  std::string text = where ? fmt::format("{}: {}", to_string(where), message) : message;
  const std::vector<Frame>& frames = open_scopes();
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
    text += fmt::format("\n  in {}, {}", frame->name, to_string(frame->caller));
  return text;
}

}  // namespace

std::string to_string(Location where) {
  return where ? fmt::format("{}:{}", without_folders(where.file), where.line) : "?";
}

Error::Error(Location where, const std::string& message)
    : std::runtime_error(with_places(where, message)), where_(where) {}

Scope::Scope(std::string name, std::source_location at) { open_scopes().push_back({std::move(name), at}); }

Scope::~Scope() { open_scopes().pop_back(); }

}  // namespace theon
