# SPDX-License-Identifier: Apache-2.0
# bash completion for svctl. Lines of the form @NAME@ stand for what the build knows of the verbs.

@BASH_VERBS@

# Sets `options`, the options of a verb, and `arguments`, what its arguments are completed with:
# "units..." for one that may be given again.
_svctl_grammar() {
    case $1 in
@BASH_ARGUMENTS@
    esac
}

# Sets `offer` for the value of an option; it stays empty for a flag.
_svctl_value() {
    offer=
    case $1:$2 in
@BASH_VALUES@
    esac
}

# The words that an offer stands for, a line each. `at` has the option that names the supervisor.
_svctl_words() {
    local name rest folder file
    case $1 in
    words:*) tr : '\n' <<<"${1#words:}" ;;
    units)
        svctl "${at[@]}" list 2>/dev/null | while read -r name rest; do
            [[ $name == UNIT ]] || echo "$name"
        done
        ;;
    unit_files)
        for folder in $_svctl_folders; do
            for file in "$folder"/*.toml; do
                file=${file##*/}
                [[ $file == '*.toml' ]] || echo "${file%.toml}"
            done
        done
        compgen -f -X '!*.toml' -- "$word"
        compgen -d -- "$word"
        ;;
    keys) svctl explain 2>/dev/null | while read -r name rest; do echo "$name"; done ;;
    changes)
        svctl explain 2>/dev/null | while read -r name rest; do
            [[ $name != cgroup.* ]] || echo "$name="
        done
        ;;
    commands) compgen -c -- "$word" ;;
    files) compgen -f -- "$word" ;;
    directories) compgen -d -- "$word" ;;
    hosts) compgen -A hostname -- "$word" ;;
    esac
}

# Looks at the words before the one that is typed: sets `verb`, `position`, the number of arguments
# of the verb so far, and `offer` where the option before waits for its value.
_svctl_look() {
    local one
    offer=
    for one in "$@"; do
        if [[ -n $offer ]]; then
            [[ $before == --socket ]] && at=(--socket "$one")
            [[ $before == --host ]] && is_far=1
            offer=
            continue
        fi
        before=$one
        case $one in
        --socket=*) at=("$one") ;;
        --host=*) is_far=1 ;;
        --*=*) ;;
        --) is_behind_dashes=1 ;;
        -?*) [[ -n $is_behind_dashes ]] || _svctl_value "$verb" "$one" ;;
        *) if [[ -z $verb ]]; then verb=$one; else ((position += 1)); fi ;;
        esac
    done
}

# Sets `offer` for the argument of the verb at this position.
_svctl_argument() {
    local one index=0
    offer=
    for one in $arguments; do
        offer=${one%...}
        [[ $index == "$position" ]] && return
        [[ $one == *... ]] && return
        ((index += 1))
    done
    offer=
}

_svctl() {
    local line=${COMP_LINE:0:COMP_POINT} word='' verb='' before='' is_behind_dashes='' is_far=''
    local options='' arguments='' offer='' position=0
    local -a words at=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] || word=${words[-1]}
    [[ -z $word ]] || unset 'words[-1]'
    _svctl_look "${words[@]:1}"
    _svctl_grammar "$verb"

    local candidates='' prefix='' one
    if [[ -z $offer && $word == --*=* ]]; then
        prefix=${word%%=*}=
        _svctl_value "$verb" "${word%%=*}"
        word=${word#*=}
    fi
    if [[ -n $offer || -n $prefix ]]; then
        candidates=$(_svctl_words "$offer")
    elif [[ $word == -* && -z $is_behind_dashes ]]; then
        candidates=$(printf '%s\n' $options $_svctl_options)
    elif [[ -z $verb ]]; then
        candidates=$(printf '%s\n' $_svctl_verbs)
    else
        _svctl_argument
        # Another machine would be asked by ssh, which takes longer than one waits at a prompt.
        [[ $offer == units && -n $is_far ]] || candidates=$(_svctl_words "$offer")
    fi
    COMPREPLY=()
    # Not by `compgen -W`, which would expand what a file's name holds.
    while read -r one; do
        [[ -n $one && $one == "$word"* ]] && COMPREPLY+=("$prefix$one")
    done <<<"$candidates"
    word=$prefix$word

    # There is no command line where a script calls this.
    case $offer in
    changes) compopt -o nospace 2>/dev/null ;;
    files | unit_files | directories) compopt -o filenames 2>/dev/null ;;
    esac
    # Readline replaces what stands behind the last of these letters only.
    local breaks=${COMP_WORDBREAKS//[^@=:]/}
    if [[ -n $breaks && $word == *[$breaks]* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*[$breaks]}"}"}")
    fi
}

complete -F _svctl svctl
