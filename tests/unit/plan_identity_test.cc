// SPDX-License-Identifier: Apache-2.0
// Ids of a service that its user namespace does not map.
#include "plan_scene.h"

namespace confinit {

TEST_CASE("an id without a place is told with those that have one", "[unit][H3][H6]") {
    PlanScene scene;
    scene.make_user_namespace();
    NamespaceConfig& namespaces = scene.unit.namespaces;
    scene.unit.declared["namespaces.user.uid_map"] = "...";
    namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 33},
                          {.inside = 1000, .outside = 200000, .count = 1}};
    CHECK(
        scene.failure().text() ==
        "service.user: '33': namespaces.user.uid_map maps 0 to 32, 1000; add a line for it there");

    scene.unit.declared.clear();
    namespaces.uid_map = {{.inside = 0, .outside = 65534, .count = 1}};
    CHECK(scene.failure().hint ==
          "namespaces.user = true maps 0; namespaces.user.ids = \"private\" maps 0 to 65535");

    namespaces.id_range = IdRange::subid;
    CHECK(scene.failure().hint ==
          "namespaces.user.ids maps 0; name another id, or another range in namespaces.user.ids");

    namespaces.user = false;
    namespaces.joined = {{.kind = NamespaceKind::user, .path = "/proc/self/ns/user"}};
    CHECK(scene.failure().hint == "the namespace of namespaces.user maps 0; name one of these");
}

TEST_CASE("the owner of a directory is told so as well", "[unit][H3][H6]") {
    PlanScene scene;
    scene.make_user_namespace();
    scene.unit.declared["namespaces.user.gid_map"] = "...";
    scene.unit.directories.state = {{.name = "other", .group = "5000"}};

    CHECK(scene.failure().text() ==
          "directories.state[0]: '5000': namespaces.user.gid_map maps 0 to 999, 1000; add a line "
          "for it there");
}

}  // namespace confinit
