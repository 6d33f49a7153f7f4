package dev.hufu.server.run;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Which environment variables a caller may set. Those that make a loader, a shell or a runtime load other code are refused
 * unless they are allowed by name.
 */
public final class EnvironmentPolicy {
    private static final Set<String> CODE_LOADING = Set.of(
            "GLIBC_TUNABLES", "GCONV_PATH", "BASH_ENV", "ENV", "SHELLOPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS");

    private final Set<String> allowed;

    public EnvironmentPolicy(Set<String> allowed) {
        this.allowed = Set.copyOf(allowed);
    }

    /** What of these names is not allowed. */
    public List<Refusal.FieldError> violations(Collection<String> names) {
        List<Refusal.FieldError> errors = new ArrayList<>();
        for (String name : names) {
            if ((name.startsWith("LD_") || CODE_LOADING.contains(name)) && !allowed.contains(name)) {
                errors.add(new Refusal.FieldError(
                        "/env/" + name.replace("~", "~0").replace("/", "~1"),
                        "not allowed: it makes programs load other code"));
            }
        }
        return errors;
    }
}
