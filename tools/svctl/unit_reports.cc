// SPDX-License-Identifier: Apache-2.0
// Verbs over several units: each unit has its report or its refusal, and the run one exit code.
#include "svctl/unit_reports.h"

#include "svctl/by_bus.h"
#include "svctl/output.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace confinit {
namespace {

// Few enough to stay far below the number of connections that the supervisor accepts; and for
// another machine, that sshd(8) accepts before they have logged in.
constexpr std::size_t jobs_at_once = 16;
constexpr std::size_t jobs_at_once_there = 8;

// Reports: collects the entries of the document, or prints as they come.
class Reports {
public:
    explicit Reports(const Context& context) : context_(context) {}

    void add(const std::string& unit, const Answer<UnitReport>& report) {
        const Refusal* refusal = refusal_of(report);
        const ExitCode code = refusal != nullptr ? refusal->code : report->code;
        if (code_ == ExitCode::done) code_ = code;
        if (context_.json) {
            add_entry(unit, report);
            return;
        }
        if (report) {
            print_notes(context_, report->json);
            print_text(report->text);
        }
        if (refusal != nullptr) print_refusal(context_, *refusal);
    }

    int finish() {
        if (!context_.json) return std::to_underlying(code_);
        return print_document(context_, {{"units", std::move(entries_)}}, code_);
    }

private:
    static const Refusal* refusal_of(const Answer<UnitReport>& report) {
        if (!report) return &report.error();
        return report->refusal ? &*report->refusal : nullptr;
    }

    void add_entry(const std::string& unit, const Answer<UnitReport>& report) {
        Json entry = report ? report->json : Json::object();
        if (const Refusal* refusal = refusal_of(report)) entry["error"] = refusal_json(*refusal);
        entry["unit"] = unit;
        entries_.push_back(std::move(entry));
    }

    void print_text(const std::string& text) {
        if (text.empty()) return;
        if (std::exchange(has_printed_, true)) print("\n");
        print(text);
    }

    const Context& context_;
    Json entries_ = Json::array();
    ExitCode code_ = ExitCode::done;
    bool has_printed_ = false;
};

Answer<Client> send_job(const Context& context, Method method, Json parameters) {
    Client client = TRY(connect_to_supervisor(context));
    auto sent = client.send(
        {.method = std::string{method_names.name(method)}, .parameters = std::move(parameters)});
    if (!sent) return refuse(std::move(sent.error()));
    return client;
}

Answer<Json> finish_job(const Context& context, Answer<Client>& client) {
    if (!client) return std::unexpected(client.error());
    auto received = client->receive();
    if (!received) return refuse(std::move(received.error()));
    return take_parameters(context, std::move(received->reply));
}

// All at once, so that none waits for the end of another.
std::vector<Answer<Json>> run_batch(const Context& context, Method method,
                                    std::span<const Json> parameters) {
    std::vector<Answer<Client>> clients;
    for (const Json& of_unit : parameters)
        clients.push_back(send_job(context, method, of_unit));
    std::vector<Answer<Json>> answers;
    for (Answer<Client>& client : clients)
        answers.push_back(finish_job(context, client));
    return answers;
}

// Requests that the socket has refused are made again by the bus.
void ask_the_bus(const Context& context, Method method, std::span<const Json> parameters,
                 std::span<Answer<Json>> answers) {
    std::vector<std::size_t> places;
    std::vector<Json> refused;
    std::vector<Refusal> refusals;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i] || !may_go_by_bus(context, method, answers[i].error())) continue;
        places.push_back(i);
        refused.push_back(parameters[i]);
        refusals.push_back(answers[i].error());
    }
    for (std::size_t begin = 0; begin < places.size(); begin += calls_by_bus) {
        const std::size_t count = std::min(calls_by_bus, places.size() - begin);
        auto by_bus = request_by_bus(context, method, std::span{refused}.subspan(begin, count),
                                     std::span{refusals}.subspan(begin, count));
        for (std::size_t i = 0; i < count; ++i)
            answers[places[begin + i]] = std::move(by_bus[i]);
    }
}

}  // namespace

int report_units(const Context& context, std::span<const std::string> units, const AskUnit& ask) {
    Reports reports{context};
    for (const std::string& unit : units)
        reports.add(unit, ask(unit));
    return reports.finish();
}

int run_jobs(const Context& context, std::span<const std::string> units, Method method,
             const Json& parameters) {
    Reports reports{context};
    const std::size_t most = context.host.empty() ? jobs_at_once : jobs_at_once_there;
    while (!units.empty()) {
        const auto batch = units.first(std::min(units.size(), most));
        units = units.subspan(batch.size());
        std::vector<Json> of_units(batch.size(), parameters);
        for (std::size_t i = 0; i < batch.size(); ++i)
            of_units[i]["unit"] = batch[i];
        std::vector<Answer<Json>> answers = run_batch(context, method, of_units);
        ask_the_bus(context, method, of_units, answers);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (answers[i]) {
                reports.add(batch[i], UnitReport{.json = std::move(*answers[i])});
            } else {
                reports.add(batch[i], std::unexpected(std::move(answers[i].error())));
            }
        }
    }
    return reports.finish();
}

}  // namespace confinit
