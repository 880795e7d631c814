// Included before all else where the SQLite module is compiled. Since Node 24.19 every object of node::ObjectWrap asks for
// its environment when it is collected, and where no JavaScript runs just then there is none: the whole process aborts
// (nodejs/node issue 65446). Within that header alone both functions are given a name that does nothing.

#pragma once
#include <node.h>

namespace node {
inline void NoCleanupHook(v8::Isolate*, void (*)(void*), void*) {}
}  // namespace node

#define AddEnvironmentCleanupHook NoCleanupHook
#define RemoveEnvironmentCleanupHook NoCleanupHook
#include <node_object_wrap.h>
#undef AddEnvironmentCleanupHook
#undef RemoveEnvironmentCleanupHook
