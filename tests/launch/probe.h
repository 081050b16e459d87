// SPDX-License-Identifier: Apache-2.0
// What the probe's parts share: how it says things, and its commands on files.
#pragma once

#include <string>
#include <string_view>

namespace probe {

// One line "key=value" of the output.
void print(std::string_view key, const std::string& value);
// The name of errno, "EACCES".
std::string error_name();
// "ok", or the name of errno.
std::string result_of(bool succeeded);
std::string read_text(const std::string& path);

// probe_files.cc
void show_text(const std::string& key, const std::string& path);
void show_file(const std::string& key, const std::string& path);
void list_directory(const std::string& key, const std::string& path);
void open_for_reading(const std::string& key, const std::string& path);
void open_for_writing(const std::string& key, const std::string& path);
void show_mount(const std::string& key, const std::string& path);

// probe_calls.cc
void call_number(const std::string& key, const std::string& text);
void interrupt(const std::string& key, const std::string& text);
void make_namespaces(const std::string& key, const std::string& flags);
void make_sockets(const std::string& key, const std::string& family);
void make_set_id_files(const std::string& key, const std::string& directory);
void make_code();
void ask_for_realtime();
void start_thread_and_program();

// probe_narrow.cc
void narrow(const std::string& key, const std::string& what);

// probe_service.cc
void notify(const std::string& key, const std::string& text);
void notify_as_child(const std::string& key, const std::string& text);
void notify_often(const std::string& key, const std::string& argument);
void notify_other(const std::string& key, const std::string& argument);
void flood(const std::string& key, const std::string& count);
void keep_alive(const std::string& key, const std::string& milliseconds);
void write_descriptor(const std::string& key, const std::string& argument);
void await_file(const std::string& key, const std::string& path);
void show_keyring();
void show_scheduling();

}  // namespace probe
