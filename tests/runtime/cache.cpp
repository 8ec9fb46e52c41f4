// The cache of compiled code on disk: what it finds, and what it makes of folders and files that are not as they should
// be.
#include "runtime/object_cache.h"

#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace theon;
namespace fs = std::filesystem;

extern char** environ;

namespace {

/// Sets an environment variable while it lives; nothing removes it.
class Setting {
 public:
  Setting(std::string name, const char* value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  Setting(std::string name, const std::string& value) : Setting(std::move(name), value.c_str()) {}
  ~Setting() { set(before_ ? before_->c_str() : nullptr); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  void set(const char* value) const { value ? setenv(name_.c_str(), value, 1) : unsetenv(name_.c_str()); }

  std::string name_;
  std::optional<std::string> before_;
};

/// An empty folder that the cache is in, while it lives.
class CacheFolder {
 public:
  const fs::path path = made();

  ~CacheFolder() { fs::remove_all(path); }

  std::vector<fs::path> files() const {
    if (!fs::exists(path)) return {};
    return {fs::directory_iterator(path), fs::directory_iterator()};
  }
  fs::path only_file() const {
    REQUIRE(files().size() == 1);
    return files()[0];
  }

 private:
  static fs::path made() {
    std::string name = (fs::temp_directory_path() / "theon_cache_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    return name;
  }

  Setting on_{"THEON_CACHE", nullptr};
  Setting folder_{"THEON_CACHE_DIR", path.string()};
};

/// No file may become larger, while it lives: writing ends midway, as where the disk is full.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

/// Loops over vectors, sums, functions, a product of its own size, a loop and a branch: every kind of step that is
/// native code.
Function everything(FunctionOptions options = {}, const std::string& name = "x", double factor = 0.5) {
  const Variable x = matrix<double>(name), n = scalar<std::int64_t>(name + " steps");
  const Variable walked =
      scan({.from = {x}, .n_steps = n}, [&](Variable s) { return tanh(s) * factor + softmax(s); }).states[0];
  const Variable either = ifelse(sum(x) > 0, [&] { return exp(x); }, [&] { return floor(x); });
  return function({x, n}, {softmax(x) + sum(x, 0), walked, either}, std::move(options));
}

bool was_compiled(const Function& f) {
  const auto stages = f.compile_times();
  return std::ranges::any_of(stages, [](const Function::Stage& stage) { return stage.name == "native code"; });
}

bool equal(const Results& a, const Results& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!identical(a[i], b[i])) return false;
  return a.size() == b.size();
}

/// Whether a function is worth what one that knows no cache is worth, to the bit.
bool is_right(const Function& f) {
  const Tensor x = Tensor::randn<double>({5, 7}, 1);
  return equal(f(x, 3), everything({.cache = false})(x, 3));
}

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Runs one hidden test of this program in a process of its own; its errors go to a file.
pid_t started(const std::string& test, const fs::path& errors) {
  const char* const arguments[] = {"test", test.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  pid_t process = 0;
  REQUIRE(posix_spawn(&process, "/proc/self/exe", &actions, nullptr, const_cast<char**>(arguments), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

bool succeeds(pid_t process) {
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What one process says to stderr while it compiles.
std::string warnings_of(const std::string& test) {
  const fs::path errors = fs::temp_directory_path() / ("theon_cache_errors_" + std::to_string(getpid()));
  const bool good = succeeds(started(test, errors));
  const std::string text = content(errors);
  fs::remove(errors);
  INFO(text);
  CHECK(good);
  return text;
}

runtime::StoredCode code_of(std::size_t bytes) { return {{{{0}, false, std::string(bytes, 'x')}}}; }

/// 64 digits that begin with `digits` and tell the number.
std::string key(int number, const std::string& digits = "f") {
  const std::string text = std::to_string(number);
  return digits + std::string(64 - digits.size() - text.size(), 'a') + text;
}

}  // namespace

// What other processes run.

TEST_CASE("a process that compiles", "[.]") { CHECK(is_right(everything())); }

TEST_CASE("a process that finds what was compiled", "[.]") {
  const Function f = everything();
  CHECK(!was_compiled(f));
  CHECK(is_right(f));
}

TEST_CASE("a process that compiles three functions", "[.]") {
  CHECK(is_right(everything()));
  CHECK(is_right(everything({}, "y")));
  const Variable x = vector<float>("x");
  CHECK(function({x}, {x + 1})(Tensor::ones<float>({2})).size() == 1);
}

// Finding.

TEST_CASE("what was compiled once is found, and gives the same bits") {
  const CacheFolder folder;
  const Function first = everything(), second = everything();
  CHECK(was_compiled(first));
  CHECK(!was_compiled(second));
  CHECK(is_right(first));
  CHECK(is_right(second));
  CHECK(folder.files().size() == 1);
}

TEST_CASE("another process finds what this one has compiled, wherever its memory lies") {
  const CacheFolder folder;
  everything();
  for (int k = 0; k < 4; ++k) CHECK(warnings_of("a process that finds what was compiled").empty());
}

TEST_CASE("names are for people: they change nothing that is looked for") {
  const CacheFolder folder;
  everything();
  CHECK(!was_compiled(everything({.name = "another"}, "y")));
}

TEST_CASE("what is computed differently is not found") {
  const CacheFolder folder;
  everything();
  CHECK(was_compiled(everything({}, "x", 0.25)));
  const Variable x = vector<float>("x"), y = vector<double>("y"), four = input<float>("four", {4});
  CHECK(was_compiled(function({x}, {x + 1})));
  CHECK(was_compiled(function({x}, {x + 2})));
  CHECK(was_compiled(function({x}, {x - x * 3})));
  CHECK(was_compiled(function({y}, {y + 1})));
  CHECK(was_compiled(function({four}, {four + 1})));
  CHECK(was_compiled(function({x}, {x + 1, x * 2})));
  CHECK(!was_compiled(function({x}, {x + 1})));
}

TEST_CASE("narrower vectors are another target") {
  const CacheFolder folder;
  const Setting sse2("THEON_ISA", "sse2");
  CHECK(was_compiled(everything()));
  CHECK(!was_compiled(everything()));
  const std::string narrow = content(folder.only_file());
  fs::remove(folder.only_file());
  const Setting wider("THEON_ISA", "avx2");
  CHECK(was_compiled(everything()));
  CHECK(content(folder.only_file()) != narrow);
}

TEST_CASE("the cache is off where the environment or the options say so") {
  const CacheFolder folder;
  everything({.cache = false});
  {
    const Setting off("THEON_CACHE", "off");
    everything();
    CHECK(cache_use().folder.empty());
  }
  {
    const Setting nowhere("THEON_CACHE_DIR", "");
    everything();
  }
  CHECK(folder.files().empty());
}

TEST_CASE("the folder is named by THEON_CACHE_DIR, by XDG_CACHE_HOME, by HOME") {
  const CacheFolder folder;
  const Setting xdg("XDG_CACHE_HOME", folder.path / "caches"), home("HOME", folder.path / "home");
  CHECK(cache_use().folder == folder.path);
  const Setting unnamed("THEON_CACHE_DIR", nullptr);
  CHECK(cache_use().folder == folder.path / "caches/theon");
  const Setting relative("XDG_CACHE_HOME", "caches");
  CHECK(cache_use().folder == folder.path / "home/.cache/theon");
  everything();
  CHECK(cache_use().files == 1);
}

TEST_CASE("what is compiled in the background is kept; instant code is not, and is not made where that is found") {
  const CacheFolder folder;
  const Variable x = vector<double>("x");
  const auto stages = [&](const Function& f) {
    std::string names;
    for (const Function::Stage& stage : f.compile_times())
      if (stage.name.ends_with(" code")) names += stage.name + ";";
    return names;
  };
  const Function f = function({x}, {exp(x)}, {.tier = Tier::instant});
  CHECK(f.wait_until_optimised());
  CHECK(stages(f) == "instant code;optimised code;");
  CHECK(folder.files().size() == 1);
  const Function again = function({x}, {exp(x)}, {.tier = Tier::instant});
  CHECK(stages(again).empty());
  CHECK(folder.files().size() == 1);
  CHECK(!was_compiled(function({x}, {exp(x)})));
}

// Several at once.

TEST_CASE("sixty-four processes at once compile the same") {
  const CacheFolder folder;
  const fs::path errors = folder.path / "errors";
  std::vector<pid_t> processes;
  for (int k = 0; k < 64; ++k) processes.push_back(started("a process that compiles", errors));
  CHECK(std::ranges::count_if(processes, succeeds) == 64);
  CHECK(content(errors).empty());
  fs::remove(errors);
  CHECK(folder.files().size() == 1);
  CHECK(!was_compiled(everything()));
}

// What is not as it should be.

TEST_CASE("a damaged file is not used, and replaced") {
  const CacheFolder folder;
  everything();
  const fs::path file = folder.only_file();
  const std::string good = content(file);
  const auto is_replaced = [&](const std::string& bad) {
    write(file, bad);
    return was_compiled(everything()) && content(file).size() == good.size() && !was_compiled(everything());
  };
  CHECK(is_replaced(""));
  CHECK(is_replaced(good.substr(0, 30)));
  CHECK(is_replaced(good.substr(0, good.size() / 2)));
  CHECK(is_replaced(good.substr(0, good.size() - 1)));
  CHECK(is_replaced(good + 'x'));
  for (std::size_t part = 0; part < 12; ++part) {
    std::string changed = good;
    changed[part * (good.size() - 1) / 11] ^= 1;
    CHECK(is_replaced(changed));
  }
  std::string other_key = good;
  other_key[0] = other_key[0] == 'a' ? 'b' : 'a';
  CHECK(is_replaced(other_key));
  CHECK(is_right(everything()));
}

TEST_CASE("every byte of a file is looked at") {
  const CacheFolder folder;
  const runtime::ObjectCache cache(folder.path, 1 << 20);
  cache.keep(key(1), {{{{0, 2}, false, "first"}, {{1}, true, "second object"}}});
  const std::string good = content(folder.only_file());
  const auto whole = cache.find(key(1));
  REQUIRE(whole);
  REQUIRE(whole->objects.size() == 2);
  CHECK(whole->objects[0].kernels == std::vector<std::size_t>{0, 2});
  CHECK(whole->objects[1].bytes == "second object");
  CHECK(whole->objects[1].has_entry);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 0x20;
    write(folder.only_file(), bad);
    CHECK(!cache.find(key(1)));
    write(folder.only_file(), good.substr(0, at));
    CHECK(!cache.find(key(1)));
  }
}

TEST_CASE("a file that others may write to, or that is none, is not trusted") {
  const CacheFolder folder;
  everything();
  const fs::path file = folder.only_file();
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  CHECK(was_compiled(everything()));
  CHECK(!was_compiled(everything()));
  const fs::path aside = folder.path / "aside";
  fs::rename(file, aside);
  fs::create_symlink(aside, file);
  CHECK(was_compiled(everything()));
  fs::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  CHECK(was_compiled(everything()));
  if (geteuid() == 0) {
    REQUIRE(chown(file.c_str(), 12345, 12345) == 0);
    CHECK(was_compiled(everything()));
  }
}

TEST_CASE("a folder that cannot be used is left alone, and said so once") {
  const CacheFolder folder;
  const auto warns = [&](const std::string& reason) {
    const std::string text = warnings_of("a process that compiles three functions");
    INFO(text);
    CHECK(std::ranges::count(text, '\n') == 1);
    CHECK(text.find(reason) != std::string::npos);
  };
  SECTION("others may write to it") {
    fs::permissions(folder.path, fs::perms::group_write, fs::perm_options::add);
    warns("others may write to it");
    CHECK(folder.files().empty());
  }
  SECTION("it belongs to someone else") {
    // Of the two users, this program runs as one.
    if (geteuid() == 0) REQUIRE(chown(folder.path.c_str(), 12345, 12345) == 0);
    const Setting system("THEON_CACHE_DIR", geteuid() == 0 ? folder.path.string() : "/usr");
    warns("belongs to someone else");
    CHECK(folder.files().empty());
  }
  SECTION("it is a file") {
    write(folder.path / "file", "");
    const Setting file("THEON_CACHE_DIR", folder.path / "file");
    warns("cannot be used");
  }
  SECTION("there is no place for it") {
    const Setting nowhere("THEON_CACHE_DIR", "/proc/theon/cache");
    warns("cannot be used");
  }
  SECTION("nobody can write to it") {
    const Setting read_only("THEON_CACHE_DIR", "/proc/self/fdinfo");
    warns("is not kept");
  }
  SECTION("it is full") {
    const FileLimit limit(500);
    warns("is not kept");
    CHECK(folder.files().empty());
  }
}

// How much it holds.

TEST_CASE("what was not used for longest goes first") {
  const CacheFolder folder;
  const runtime::ObjectCache cache(folder.path, 1 << 20);
  for (int k = 0; k < 10; ++k) {
    cache.keep(key(k), code_of(1000));
    const timespec times[2] = {{1000 + k, 0}, {1000 + k, 0}};
    REQUIRE(utimensat(AT_FDCWD, (folder.path / (key(k) + ".theon")).c_str(), times, 0) == 0);
  }
  REQUIRE(cache.find(key(2)));
  REQUIRE(cache.find(key(0)));
  const std::int64_t each = cache.use().bytes / 10;
  const CacheUse left = cache.prune(4 * each);
  CHECK(left.files == 4);
  CHECK(left.bytes == 4 * each);
  for (const int k : {0, 2, 8, 9}) CHECK(cache.find(key(k)));
  for (const int k : {1, 3, 4, 5, 6, 7}) CHECK(!cache.find(key(k)));
}

TEST_CASE("a cache does not outgrow its bound for long") {
  const CacheFolder folder;
  const runtime::ObjectCache cache(folder.path, 100'000);
  for (int k = 0; k < 500; ++k) cache.keep(key(k, k % 16 == 15 ? "0" : "f"), code_of(1000));
  CHECK(cache.use().bytes <= 100'000 + 16 * 1200);
  CHECK(cache.use().bytes > 80'000);
  CHECK(cache.find(key(499)));
  cache.keep(key(500), code_of(200'000));
  CHECK(!cache.find(key(500)));
}

TEST_CASE("clearing leaves what is not of the cache, and what another process is writing") {
  const CacheFolder folder;
  everything();
  const std::string entry = folder.only_file().filename().string();
  write(folder.path / "notes.txt", "mine");
  write(folder.path / ("." + entry + ".1.0"), "half");
  write(folder.path / ("." + entry + ".2.0"), "half");
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  REQUIRE(utimensat(AT_FDCWD, (folder.path / ("." + entry + ".2.0")).c_str(), old, 0) == 0);
  const CacheUse left = clear_cache();
  CHECK(left.files == 0);
  CHECK(left.bytes == 0);
  CHECK(fs::exists(folder.path / "notes.txt"));
  CHECK(fs::exists(folder.path / ("." + entry + ".1.0")));
  CHECK(folder.files().size() == 2);
}

TEST_CASE("the bound comes from the environment") {
  const CacheFolder folder;
  const Setting none("THEON_CACHE_MEGABYTES", "0");
  everything();
  CHECK(folder.files().empty());
  const Setting wrong("THEON_CACHE_MEGABYTES", "many");
  CHECK_THROWS_AS(everything(), ArgumentError);
}
