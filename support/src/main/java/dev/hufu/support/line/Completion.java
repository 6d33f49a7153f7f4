package dev.hufu.support.line;

import java.util.ArrayList;
import java.util.List;

/** Scripts that complete the command line in a shell, made from the verbs. Pure. */
public final class Completion {
    private Completion() {}

    /** For bash, with or without the package bash-completion. */
    public static String bash(List<VerbSpec> verbs, List<Option> shared) {
        StringBuilder script = new StringBuilder();
        script.append("# bash completion for hufu: source <(hufu completion bash)\n");
        script.append("_hufu() {\n");
        script.append("    local current=${COMP_WORDS[COMP_CWORD]} previous= verb= values= options= word i\n");
        script.append("    ((COMP_CWORD > 0)) && previous=${COMP_WORDS[COMP_CWORD-1]}\n");
        script.append("    COMPREPLY=()\n");
        script.append("    for ((i = 1; i < COMP_CWORD; i++)); do\n");
        script.append("        word=${COMP_WORDS[i]}\n");
        script.append("        case $word in\n");
        script.append("            ").append(String.join(" | ", valued(shared))).append(") ((i++)) ;;\n");
        script.append("            -*) ;;\n");
        script.append("            *) verb=$word; break ;;\n");
        script.append("        esac\n");
        script.append("    done\n");
        script.append("    case $verb in\n");
        for (VerbSpec verb : verbs) {
            bash(script, verb, shared);
        }
        script.append("        *) values='").append(names(verbs)).append("'\n");
        script.append("           options='").append(optionNames(shared)).append("' ;;\n");
        script.append("    esac\n");
        script.append("    if [[ $current == -* ]]; then\n");
        script.append("        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n");
        script.append("    else\n");
        script.append("        COMPREPLY=($(compgen -W \"$values\" -- \"$current\"))\n");
        script.append("    fi\n");
        script.append("}\n");
        script.append("complete -F _hufu hufu\n");
        return script.toString();
    }

    private static void bash(StringBuilder script, VerbSpec verb, List<Option> shared) {
        List<Option> all = all(verb, shared);
        script.append("        ").append(verb.name()).append(")\n");
        if (verb.opaque()) {
            // What follows is a command line of its own: a program first, then most often files.
            script.append("            for ((i++; i < COMP_CWORD; i++)); do\n");
            script.append("                case ${COMP_WORDS[i]} in\n");
            script.append("                    --) ((COMP_CWORD == i + 1)) \\\n");
            script.append("                        && COMPREPLY=($(compgen -c -- \"$current\")) \\\n");
            script.append("                        || COMPREPLY=($(compgen -f -- \"$current\"))\n");
            script.append("                        return ;;\n");
            script.append("                esac\n");
            script.append("            done\n");
        }
        script.append("            case $previous in\n");
        for (Option option : all) {
            if (option.isFlag()) {
                continue;
            }
            script.append("                ")
                    .append(String.join(" | ", option.names()))
                    .append(") ");
            script.append(
                    switch (option.values()) {
                        case Option.Values.Any() -> "return";
                        case Option.Values.Files() -> "COMPREPLY=($(compgen -f -- \"$current\")); return";
                        case Option.Values.Words(List<String> words) ->
                            "COMPREPLY=($(compgen -W '" + String.join(" ", words) + "' -- \"$current\")); return";
                    });
            script.append(" ;;\n");
        }
        script.append("            esac\n");
        script.append("            values='")
                .append(String.join(" ", verb.operandWords()))
                .append("'\n");
        script.append("            options='").append(optionNames(all)).append("' ;;\n");
    }

    /** For zsh, with what each verb and option does. */
    public static String zsh(List<VerbSpec> verbs, List<Option> shared) {
        StringBuilder script = new StringBuilder();
        script.append("#compdef hufu\n");
        script.append("# zsh completion for hufu: source <(hufu completion zsh)\n");
        script.append("_hufu() {\n");
        script.append("    local -a verbs\n");
        script.append("    local context state state_descr line\n");
        script.append("    typeset -A opt_args\n");
        script.append("    verbs=(\n");
        for (VerbSpec verb : verbs) {
            script.append("        ")
                    .append(quoted(verb.name() + ":" + verb.summary()))
                    .append("\n");
        }
        script.append("    )\n");
        script.append("    _arguments -C");
        shared.forEach(option -> script.append(" \\\n        ").append(zsh(option)));
        script.append(" \\\n        '1:verb:->verb' \\\n        '*::operand:->operand' && return\n");
        script.append("    case $state in\n");
        script.append("        verb) _describe verb verbs ;;\n");
        script.append("        operand)\n");
        script.append("            case ${words[1]} in\n");
        for (VerbSpec verb : verbs) {
            script.append("                ").append(verb.name()).append(")\n");
            script.append("                    _arguments");
            all(verb, shared)
                    .forEach(option ->
                            script.append(" \\\n                        ").append(zsh(option)));
            if (verb.opaque()) {
                script.append(" \\\n                        '(-)1:program:_command_names -e'");
                script.append(" \\\n                        '*::argument:_normal'");
            } else if (!verb.operandWords().isEmpty()) {
                script.append(" \\\n                        ")
                        .append(quoted(
                                "1:" + verb.operandLabel() + ":(" + String.join(" ", verb.operandWords()) + ")"));
            }
            script.append(" ;;\n");
        }
        script.append("            esac ;;\n");
        script.append("    esac\n");
        script.append("}\n");
        script.append("if [[ ${funcstack[1]} == _hufu ]]; then\n    _hufu \"$@\"\nelse\n    compdef _hufu hufu\nfi\n");
        return script.toString();
    }

    private static String zsh(Option option) {
        String described =
                "[" + option.description().replace("[", "(").replace("]", ")").replace(":", "\\:") + "]";
        String value = option.isFlag()
                ? ""
                : ":" + option.label().replace(":", " ")
                        + switch (option.values()) {
                            case Option.Values.Any() -> ": ";
                            case Option.Values.Files() -> ":_files";
                            case Option.Values.Words(List<String> words) -> ":(" + String.join(" ", words) + ")";
                        };
        if (option.names().size() == 1) {
            return quoted((option.repeatable() ? "*" : "") + option.name() + described + value);
        }
        String others = String.join(" ", option.names());
        return quoted((option.repeatable() ? "*" : "(" + others + ")")) + "{" + String.join(",", option.names()) + "}"
                + quoted(described + value);
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static List<Option> all(VerbSpec verb, List<Option> shared) {
        List<Option> all = new ArrayList<>(verb.options());
        all.addAll(verb.of(shared));
        return all;
    }

    private static List<String> valued(List<Option> options) {
        return options.stream()
                .filter(option -> !option.isFlag())
                .flatMap(option -> option.names().stream())
                .toList();
    }

    private static String names(List<VerbSpec> verbs) {
        return String.join(" ", verbs.stream().map(VerbSpec::name).toList());
    }

    private static String optionNames(List<Option> options) {
        return String.join(
                " ", options.stream().flatMap(option -> option.names().stream()).toList());
    }
}
