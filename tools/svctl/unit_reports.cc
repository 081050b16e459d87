// SPDX-License-Identifier: Apache-2.0
// Verbs over several units: each unit has its report or its refusal, and the run one exit code.
#include "svctl/unit_reports.h"

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

Answer<UnitReport> finish_job(const Context& context, Answer<Client>& client) {
    if (!client) return std::unexpected(client.error());
    auto received = client->receive();
    if (!received) return refuse(std::move(received.error()));
    return UnitReport{.json = TRY(take_parameters(context, std::move(received->reply)))};
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
        std::vector<Answer<Client>> clients;
        for (const std::string& unit : batch) {
            Json unit_parameters = parameters;
            unit_parameters["unit"] = unit;
            clients.push_back(send_job(context, method, std::move(unit_parameters)));
        }
        for (std::size_t i = 0; i < batch.size(); ++i) {
            reports.add(batch[i], finish_job(context, clients[i]));
        }
    }
    return reports.finish();
}

}  // namespace confinit
