package dev.hufu.server.run;

import dev.hufu.protocol.RunSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a node can hold a run to, as its agent says in its facts.
 *
 * @param memory whether {@code limits.memory} can be kept; so the others
 * @param otherUsers whether a run can have a user other than the node's own
 * @param outputPolicies whether too much output can do anything but be cut
 */
public record NodeAbilities(
        boolean memory, boolean cpu, boolean pids, boolean files, boolean otherUsers, boolean outputPolicies) {
    private static final String UNAVAILABLE = "unavailable";

    /** Answers what is known of a node. */
    @FunctionalInterface
    public interface Source {
        /** Empty where the node was never heard of: what it cannot do is then found out by its agent. */
        Optional<NodeAbilities> of(String node);
    }

    /** From what an agent says of its machine. What it does not say it cannot do. */
    public static NodeAbilities of(Map<String, String> facts) {
        return new NodeAbilities(
                kept(facts, "limitMemory"),
                kept(facts, "limitCpu"),
                kept(facts, "limitPids"),
                kept(facts, "limitFiles"),
                facts.getOrDefault("otherUsers", "false").equals("true"),
                List.of(facts.getOrDefault("launcherCapabilities", "").split(",", -1))
                        .contains("output-policies"));
    }

    private static boolean kept(Map<String, String> facts, String name) {
        return !facts.getOrDefault(name, UNAVAILABLE).equals(UNAVAILABLE);
    }

    /** What a run asks for and the node cannot do. */
    List<Refusal.FieldError> lacking(RunSpec spec, boolean otherUser) {
        List<Refusal.FieldError> errors = new ArrayList<>();
        RunSpec.Resources asked = spec.limits().resources();
        if (otherUser && !otherUsers) {
            errors.add(new Refusal.FieldError("/user", "cannot be: the node cannot run commands as another user"));
        }
        if (spec.limits().onOutput() != RunSpec.OnOutput.TRUNCATE && !outputPolicies) {
            // The caller may not have said it: it is what goes without saying where the caller stays.
            errors.add(new Refusal.FieldError(
                    "/limits/onOutput",
                    "cannot be " + word(spec.limits().onOutput())
                            + ": commands of the node are run by the JDK, which can only truncate; ask for truncate"));
        }
        if (asked.memory() != null && !memory) {
            errors.add(cannot("memory"));
        }
        if (asked.cpu() != null && !cpu) {
            errors.add(cannot("cpu"));
        }
        if (asked.pids() != null && !pids) {
            errors.add(cannot("pids"));
        }
        if (asked.files() != null && !files) {
            errors.add(cannot("files"));
        }
        return errors;
    }

    private static String word(RunSpec.OnOutput onOutput) {
        return onOutput.name().toLowerCase(Locale.ROOT);
    }

    private static Refusal.FieldError cannot(String limit) {
        return new Refusal.FieldError(
                "/limits/" + limit, "cannot be kept: the node has no means for it ('hufu doctor' there says why)");
    }
}
