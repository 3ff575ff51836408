#include "cmd/status/session.h"

#include "cmd/ui/failure.h"

#include <ostream>

namespace waaft::status {

std::vector<cmd::Option> with_session_options(std::vector<cmd::Option> own, const SessionFlags& flags, bool waits) {
    return project::with_shared_options(
        std::move(own), flags, [waits](const cmd::Option& option) { return waits || option.name != "--timeout"; });
}

cmd::Option switch_option(std::string name, std::string doc, std::function<void()> set) {
    cmd::Option option;
    option.name = std::move(name);
    option.doc = std::move(doc);
    option.set = [set = std::move(set)](const std::string&, const std::string&) { set(); };
    return option;
}

cmd::Option value_option(std::string name, std::string value, std::string doc,
                         std::function<void(const std::string& flag, const std::string& text)> set) {
    cmd::Option option;
    option.name = std::move(name);
    option.value = std::move(value);
    option.doc = std::move(doc);
    option.set = std::move(set);
    return option;
}

Result<project::Loaded, cmd::Errors> load_project(const SessionFlags& flags, const cmd::Environment& environment) {
    return project::load(flags, environment);
}

Result<Session, cmd::Errors> open_session(const SessionFlags& flags, const cmd::Environment& environment,
                                          const cmd::Streams& streams, const os::Interrupt* interrupt) {
    auto loaded = load_project(flags, environment);
    if (!loaded) return loaded.error();
    for (const auto& warning : loaded->warnings) streams.err << "warning: " << warning << '\n';
    auto api = kube::connect(loaded->project, *flags.common, streams, interrupt);
    if (!api) return cmd::Errors{api.error()};
    return Session{std::move(*loaded), std::move(*api)};
}

Result<cmd::Exit, cmd::Errors> failed(const SessionFlags& flags, const cmd::Streams& streams, std::string_view schema,
                                      const cmd::Errors& errors) {
    if (!flags.common->json()) return errors;
    return cmd::write_failure(streams.out, schema, errors);
}

}  // namespace waaft::status
