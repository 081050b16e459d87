# SPDX-License-Identifier: Apache-2.0
# fish completion for svctl. The line @FISH@ stands for what the build knows of the verbs.

# The verb of the line and its arguments so far, a line each.
function __svctl_plain_words
    set -l words (commandline -opc)
    set -e words[1]
    set -l is_value 0
    for word in $words
        if test $is_value = 1
            set is_value 0
        else if contains -- $word $__svctl_value_options
            set is_value 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __svctl_has_no_verb
    test (count (__svctl_plain_words)) -eq 0
end

# __svctl_is_at VERB COUNT [more]: whether the verb has so many arguments, or more.
function __svctl_is_at
    set -l words (__svctl_plain_words)
    set -q words[1]; and test $words[1] = $argv[1]; or return
    set -l count (math (count $words) - 1)
    test $count -eq $argv[2]; or begin
        set -q argv[3]; and test $count -gt $argv[2]
    end
end

# Another machine would be asked by ssh, which takes longer than one waits at a prompt.
function __svctl_units
    set -l words (commandline -opc)
    string match -q -- '--host*' $words; and return
    set -l at
    if set -l place (contains -i -- --socket $words)
        set at --socket=$words[(math $place + 1)]
    else
        set at (string match -- '--socket=*' $words)
    end
    svctl $at list 2>/dev/null | string replace -r ' .*' '' | string match -v UNIT
end

function __svctl_unit_files
    for folder in $__svctl_folders
        set -l files $folder/*.toml
        string replace -r '.*/(.*)\.toml$' '$1' -- $files
    end
    __fish_complete_suffix .toml
end

function __svctl_keys
    svctl explain 2>/dev/null | string replace -r ' .*' ''
end

function __svctl_changes
    __svctl_keys | string match 'cgroup.*' | string replace -r '$' '='
end

function __svctl_commands
    __fish_complete_subcommand --fcs-skip=3
end

function __svctl_files
    __fish_complete_path
end

function __svctl_directories
    __fish_complete_directories
end

function __svctl_hosts
    __fish_print_hostnames
end

complete -c svctl -f
@FISH@
