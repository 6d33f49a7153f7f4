package dev.hufu.server.auditor;

import dev.hufu.server.audit.Checkpoint;
import dev.hufu.server.audit.PublicKeys;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checkpoints that a log is held against.
 *
 * @param source where they come from
 * @param signed those that a known key signed
 * @param problems the lines that are none
 */
record Evidence(String source, List<Checkpoint> signed, List<String> problems) {
    private static final int MOST_PROBLEMS = 20;

    Evidence {
        signed = List.copyOf(signed);
        problems = List.copyOf(problems);
    }

    /** @throws IOException with a message for people */
    static Evidence read(Path file, Path publicKey) throws IOException {
        PublicKeys keys = PublicKeys.read(publicKey);
        List<Checkpoint> signed = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        long left = 0;
        // A character a byte: what is not ASCII is no checkpoint.
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                String problem;
                try {
                    Checkpoint checkpoint = Checkpoint.read(line.getBytes(StandardCharsets.ISO_8859_1));
                    if (keys.signed(checkpoint)) {
                        signed.add(checkpoint);
                        continue;
                    }
                    problem = "line " + number + " of " + file + " was not signed by a key of " + publicKey;
                } catch (IllegalArgumentException none) {
                    if (!lines.ready() && !endsWithLineEnd(file)) {
                        // A crash in the middle of writing it.
                        continue;
                    }
                    problem = "line " + number + " of " + file + " is no checkpoint";
                }
                if (problems.size() < MOST_PROBLEMS) {
                    problems.add(problem);
                } else {
                    left++;
                }
            }
        }
        if (left > 0) {
            problems.add(left + " more lines of " + file);
        }
        return new Evidence(file.toString(), signed, problems);
    }

    private static boolean endsWithLineEnd(Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            if (channel.size() == 0) {
                return true;
            }
            ByteBuffer last = ByteBuffer.allocate(1);
            channel.position(channel.size() - 1).read(last);
            return last.get(0) == '\n';
        }
    }
}
