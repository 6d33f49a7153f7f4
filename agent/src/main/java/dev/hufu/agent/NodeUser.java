package dev.hufu.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The user that commands run as, from the password database: never from {@code HOME}, which is whoever started the agent.
 *
 * @param home absolute
 */
record NodeUser(String name, String home) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path PASSWORDS = Path.of("/etc/passwd");

    /** The agent's own user. */
    static NodeUser current() {
        Optional<String> id = read(STATUS).flatMap(NodeUser::userId);
        Optional<NodeUser> listed = id.flatMap(known -> read(PASSWORDS).flatMap(text -> find(text, known)));
        // Users of a directory service are not in the file; the JDK asked the C library for them.
        return listed.orElseGet(
                () -> of(System.getProperty("user.name", ""), id.orElse("?"), System.getProperty("user.home", "")));
    }

    /** @param id stands for the name where there is none */
    static NodeUser of(String name, String id, String home) {
        return new NodeUser(name.isEmpty() || name.equals("?") ? id : name, home.startsWith("/") ? home : "/");
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
                .map(fields -> of(fields[0], id, fields[5]))
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
