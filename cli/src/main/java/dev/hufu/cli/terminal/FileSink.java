package dev.hufu.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A stream of this process. The launcher script says whether it is a terminal, which Java cannot tell of one alone. */
final class FileSink implements Surroundings.Sink {
    private static final int FILE_TYPE = 0170000;
    private static final int FIFO = 0010000;
    private static final int SOCKET = 0140000;

    private final int number;
    private final OutputStream bytes;
    private final PrintStream printer;
    private final boolean terminal;

    private FileSink(int number, FileDescriptor descriptor, String property) {
        this.number = number;
        this.bytes = new FileOutputStream(descriptor);
        this.printer = new PrintStream(bytes, false, StandardCharsets.UTF_8);
        this.terminal = Boolean.getBoolean(property);
    }

    static FileSink stdout() {
        return new FileSink(1, FileDescriptor.out, "hufu.terminal.stdout");
    }

    static FileSink stderr() {
        return new FileSink(2, FileDescriptor.err, "hufu.terminal.stderr");
    }

    @Override
    public OutputStream bytes() {
        return bytes;
    }

    @Override
    public PrintStream printer() {
        return printer;
    }

    @Override
    public boolean terminal() {
        return terminal;
    }

    @Override
    public boolean pipe() {
        try {
            // The error's text would say it too, but in the language of the machine.
            int type = (int) Files.getAttribute(Path.of("/dev/fd/" + number), "unix:mode") & FILE_TYPE;
            return type == FIFO || type == SOCKET;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
            // Then the failed write is reported as it came.
            return false;
        }
    }
}
