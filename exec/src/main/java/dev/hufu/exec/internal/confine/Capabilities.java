package dev.hufu.exec.internal.confine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Linux capabilities by name and number (source: {@code linux/capability.h}). */
public final class Capabilities {
    /** Stands for all of them. */
    public static final String ALL = "ALL";

    private static final List<String> NAMES = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_BROADCAST",
            "CAP_NET_ADMIN",
            "CAP_NET_RAW",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_SYS_MODULE",
            "CAP_SYS_RAWIO",
            "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE",
            "CAP_SYS_PACCT",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE",
            "CAP_SYS_TIME",
            "CAP_SYS_TTY_CONFIG",
            "CAP_MKNOD",
            "CAP_LEASE",
            "CAP_AUDIT_WRITE",
            "CAP_AUDIT_CONTROL",
            "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE",
            "CAP_MAC_ADMIN",
            "CAP_SYSLOG",
            "CAP_WAKE_ALARM",
            "CAP_BLOCK_SUSPEND",
            "CAP_AUDIT_READ",
            "CAP_PERFMON",
            "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE");

    private static final int SETGID = NAMES.indexOf("CAP_SETGID");
    private static final int SETUID = NAMES.indexOf("CAP_SETUID");

    private Capabilities() {}

    /**
     * One bit for each name, by its number.
     *
     * @throws IllegalArgumentException if a name is none
     */
    public static long bits(Set<String> names) {
        long bits = 0;
        for (String name : names) {
            int number = NAMES.indexOf(name);
            if (name.equals(ALL)) {
                bits = -1;
            } else if (number < 0) {
                throw new IllegalArgumentException("no capability: " + name);
            } else {
                bits |= 1L << number;
            }
        }
        return bits;
    }

    /** Whether that process may take any user and group. */
    public static boolean canChangeUser(long pid) throws IOException {
        String field = "CapEff:";
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"), StandardCharsets.ISO_8859_1)) {
            if (line.startsWith(field)) {
                long effective =
                        Long.parseUnsignedLong(line.substring(field.length()).trim(), 16);
                return (effective >> SETGID & 1) != 0 && (effective >> SETUID & 1) != 0;
            }
        }
        throw new IOException("no capabilities in the status of process " + pid);
    }
}
