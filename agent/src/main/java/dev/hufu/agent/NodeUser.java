package dev.hufu.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A user that commands run as, from the password database: never from {@code HOME}, which is whoever started the agent.
 *
 * @param id the number; {@code ?} where nobody knows
 * @param group the number of the user's own group; {@code ?} where nobody knows
 * @param home absolute
 */
record NodeUser(String name, String id, String group, String home) {
    private static final String UNKNOWN = "?";
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path PASSWORDS = Path.of("/etc/passwd");

    /** The agent's own user. */
    static NodeUser current() {
        Optional<String> id = read(STATUS).flatMap(NodeUser::userId);
        Optional<NodeUser> listed = id.flatMap(known -> read(PASSWORDS).flatMap(text -> find(text, known)));
        // Users of a directory service are not in the file; the JDK asked the C library for them.
        return listed.orElseGet(
                () -> of(System.getProperty("user.name", ""), id.orElse(UNKNOWN), System.getProperty("user.home", "")));
    }

    /** @param id stands for the name where there is none */
    static NodeUser of(String name, String id, String home) {
        return of(name, id, UNKNOWN, home);
    }

    private static NodeUser of(String name, String id, String group, String home) {
        return new NodeUser(
                name.isEmpty() || name.equals(UNKNOWN) ? id : name, id, group, home.startsWith("/") ? home : "/");
    }

    /**
     * The user that a run names: a name, {@code uid} or {@code uid:gid}. One that is not in the file has what its text says,
     * and no home; whether there is such a user is found out when the process starts.
     */
    static NodeUser named(String text) {
        return named(text, read(PASSWORDS).orElse(""));
    }

    static NodeUser named(String text, String passwords) {
        String[] parts = text.split(":", -1);
        if (parts[0].matches("[0-9]+")) {
            NodeUser listed = find(passwords, parts[0]).orElse(of("", parts[0], "/"));
            return parts.length == 1 ? listed : new NodeUser(listed.name, listed.id, parts[1], listed.home);
        }
        return passwords
                .lines()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length >= 6 && fields[0].equals(text))
                .map(NodeUser::of)
                .findFirst()
                .orElse(of(text, UNKNOWN, "/"));
    }

    /** Whether a run that names this user means this one, whoever its group. */
    boolean isNamed(String text) {
        return text.equals(name) || text.equals(id);
    }

    private static NodeUser of(String[] fields) {
        return of(fields[0], fields[2], fields[3], fields[5]);
    }

    /** The effective user id, in a process's status (source: {@code proc_pid_status(5)}). */
    static Optional<String> userId(String status) {
        return status.lines()
                .filter(line -> line.startsWith("Uid:"))
                .map(line -> line.split("\\s+", -1))
                .filter(fields -> fields.length > 2)
                .map(fields -> fields[2])
                .findFirst();
    }

    /** The user with that id, in the text of a password file (source: {@code passwd(5)}). */
    static Optional<NodeUser> find(String passwords, String id) {
        return passwords
                .lines()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length >= 6 && fields[2].equals(id))
                .map(NodeUser::of)
                .findFirst();
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        } catch (IOException _) {
            // Not a Linux, or not readable: the caller has another source.
            return Optional.empty();
        }
    }
}
