// SPDX-License-Identifier: Apache-2.0
// Programs that cannot be executed, told apart before the launch.
#include "launch/plan/executable.h"

#include "plan_scene.h"

#include <cerrno>
#include <sys/stat.h>

namespace confinit {

TEST_CASE("a missing program is told before the launch, with its root", "[unit][H6]") {
    PlanScene scene;
    scene.unit.service->command = {"/usr/bin/serv"};

    const Error failure = scene.failure();

    CHECK(failure.key == "service.command[0]");
    CHECK(failure.call == "execve");
    CHECK(failure.error == ENOENT);
    CHECK(failure.hint.starts_with("there is no such file in the service's root '"));
    CHECK(failure.hint.find(scene.root.path()) != std::string::npos);
}

TEST_CASE("a missing interpreter is named", "[unit][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "#!/opt/bin/python3 -u\n", 0755);

    CHECK(scene.failure().hint.find("'/opt/bin/python3'") != std::string::npos);
}

TEST_CASE("a script from another system names its carriage return", "[unit][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "#!/bin/sh\r\n", 0755);

    const Error failure = scene.failure();

    CHECK(failure.hint.find("'/bin/sh\\x0d'") != std::string::npos);
    CHECK(failure.hint.find("carriage return") != std::string::npos);
}

TEST_CASE("a program without an x bit or that is a directory is told apart", "[unit][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "#!/bin/sh\n", 0644);
    const Error no_bit = scene.failure();
    scene.unit.service->command = {"/srv"};
    const Error directory = scene.failure();

    CHECK(no_bit.error == EACCES);
    CHECK(no_bit.hint.find("x bit") != std::string::npos);
    CHECK(directory.error == EACCES);
    CHECK(directory.hint.find("no regular file") != std::string::npos);
}

TEST_CASE("links to a program stay inside of the root", "[unit][H6][X7]") {
    PlanScene scene;
    scene.root.link("opt/serve", "/../../usr/bin/serve");
    scene.unit.service->command = {"/opt/serve"};
    CHECK(scene.try_plan());

    scene.root.link("opt/circle", "circle");
    scene.unit.service->command = {"/opt/circle"};
    CHECK(scene.failure().error == ELOOP);
}

TEST_CASE("a program below a bind mount is looked for in its source", "[unit][H6]") {
    PlanScene scene;
    const TemporaryDirectory other;
    other.write("tool", "#!/bin/sh\n", 0755);
    scene.unit.mounts.bind = {{.source = other.path(), .target = "/srv"}};

    scene.unit.service->command = {"/srv/tool"};
    CHECK(scene.try_plan());

    scene.unit.service->command = {"/srv/other"};
    CHECK(scene.failure().error == ENOENT);
}

TEST_CASE("what only the launch brings is left to it", "[unit][H6]") {
    PlanScene scene;
    scene.unit.mounts.tmpfs = {{.target = "/srv"}};
    scene.unit.service->command = {"/srv/tool"};

    CHECK(scene.try_plan());
}

TEST_CASE("a failed execve is explained by what was found afterwards", "[unit][H6]") {
    PlanScene scene;
    const auto plan = scene.plan();

    scene.root.write("usr/bin/serve", "no program", 0755);
    CHECK(explain_execve(plan, ENOEXEC).hint.find("neither an ELF") != std::string::npos);

    scene.root.write("usr/bin/serve", "#!/bin/sh\n", 0744);
    CHECK(explain_execve(plan, EACCES).hint == "user 33 has no x bit on it");

    scene.root.write("usr/bin/serve", "#!/bin/gone\n", 0755);
    CHECK(explain_execve(plan, ENOENT).hint.find("'/bin/gone'") != std::string::npos);
}

TEST_CASE("a directory that the user cannot search is named", "[unit][H6]") {
    PlanScene scene;
    const auto plan = scene.plan();
    REQUIRE(chmod((scene.root.path() + "/usr").c_str(), 0700) == 0);

    const Error failure = explain_execve(plan, EACCES);

    CHECK(failure.key == "service.command[0]");
    CHECK(failure.hint == "user 33 cannot search the directory '/usr'");
}

TEST_CASE("a set-user-ID program is warned of where that has no effect", "[unit][H17]") {
    PlanScene scene;
    const std::string program = scene.root.path() + "/usr/bin/serve";
    const auto warnings = [&scene] {
        std::vector<std::string> of_program = scene.plan().warnings;
        std::erase_if(of_program, [](const std::string& warning) {
            return !warning.starts_with("service.command");
        });
        return of_program;
    };
    CHECK(warnings().empty());

    REQUIRE(chmod(program.c_str(), 04755) == 0);
    CHECK(warnings().empty());
    scene.unit.seccomp = PlanScene::deny_chmod();
    REQUIRE(warnings().size() == 1);
    CHECK(warnings().front().starts_with(
        "service.command[0]: '/usr/bin/serve' is set-user-ID, which has no effect here: "
        "no_new_privs is in force"));

    REQUIRE(chmod(program.c_str(), 02755) == 0);
    CHECK_THAT(warnings().front(), Catch::Contains("is set-group-ID"));
    REQUIRE(chmod(program.c_str(), 02745) == 0);
    CHECK(warnings().empty());
}

}  // namespace confinit
