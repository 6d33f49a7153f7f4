package dev.hufu.server.auditor;

import dev.hufu.server.audit.ChainCheck;
import dev.hufu.server.audit.Checkpoint;
import dev.hufu.server.audit.ExportLine;
import dev.hufu.server.audit.HashChain;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads an export from its first line to its last, one at a time. */
final class Export {
    private Export() {}

    /**
     * @param from the entry that it is known to begin with; null where it is to hold the whole log
     * @throws IOException with a message for people, where it cannot be read
     */
    static ChainCheck.Findings check(Path file, @Nullable Long from, List<Checkpoint> checkpoints) throws IOException {
        ChainCheck check = null;
        // A character a byte, so that a byte that was flipped is a line that was changed and no end of the reading.
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                HashChain.Link link = read(line);
                if (check == null) {
                    check = new ChainCheck(beginning(link, from), checkpoints);
                }
                if (link == null) {
                    check.addUnreadable();
                } else {
                    check.add(link);
                }
            }
        }
        return (check == null ? new ChainCheck(beginning(null, from), checkpoints) : check).findings();
    }

    private static HashChain.@Nullable Link read(String line) {
        try {
            return ExportLine.read(line.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException unreadable) {
            return null;
        }
    }

    private static ChainCheck.Beginning beginning(HashChain.@Nullable Link first, @Nullable Long from) {
        if (from != null && from > 1) {
            return new ChainCheck.Beginning.Given(from);
        }
        return first == null || first.content().sequence() <= 1
                ? new ChainCheck.Beginning.First()
                : new ChainCheck.Beginning.After(first.content().sequence() - 1, first.previousHash());
    }
}
