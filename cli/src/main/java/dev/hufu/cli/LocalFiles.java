package dev.hufu.cli;

import dev.hufu.cli.page.Quantities;
import dev.hufu.protocol.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** What is read on this side and travels with the request: script and input, whole, and bounded. */
final class LocalFiles {
    /** Far above what any server takes in one request, and below what would exhaust this process. */
    private static final int MAXIMUM = 64 << 20;

    private final InputStream stdin;

    LocalFiles(InputStream stdin) {
        this.stdin = stdin;
    }

    /** A script, and who interprets it. */
    record Script(String text, List<String> interpreter) {
        Script {
            interpreter = List.copyOf(interpreter);
        }
    }

    /** @param name a file, or {@code -} for this process's stdin */
    Bytes input(String name) {
        return Bytes.of(read(name));
    }

    Script script(String name) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(read(name)))
                    .toString();
            return new Script(text, interpreter(text));
        } catch (CharacterCodingException _) {
            throw new Complaints.CannotException(name + ": not UTF-8 text, and a script must be");
        }
    }

    /** As the kernel reads the first line: a program, and at most one argument. */
    private static List<String> interpreter(String text) {
        if (!text.startsWith("#!")) {
            return List.of("/bin/sh");
        }
        String line = text.substring(2, text.indexOf('\n') < 0 ? text.length() : text.indexOf('\n'))
                .strip();
        String[] words = line.split("[ \\t]+", 2);
        return line.isEmpty() ? List.of("/bin/sh") : List.of(words);
    }

    private byte[] read(String name) {
        try {
            byte[] content = name.equals("-") ? stdin.readNBytes(MAXIMUM + 1) : file(name);
            if (content.length > MAXIMUM) {
                throw new Complaints.CannotException(name + ": larger than " + Quantities.showBytes(MAXIMUM));
            }
            return content;
        } catch (NoSuchFileException _) {
            throw new Complaints.CannotException(name + ": no such file");
        } catch (AccessDeniedException _) {
            throw new Complaints.CannotException(name + ": permission denied");
        } catch (IOException | InvalidPathException failure) {
            throw new Complaints.CannotException(name + ": " + failure.getMessage());
        }
    }

    private static byte[] file(String name) throws IOException {
        try (InputStream stream = Files.newInputStream(Path.of(name))) {
            return stream.readNBytes(MAXIMUM + 1);
        }
    }
}
