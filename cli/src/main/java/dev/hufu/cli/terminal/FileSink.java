package dev.hufu.cli.terminal;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A stream of this process. The launcher script says whether it is a terminal, and its size: Java cannot. */
public final class FileSink implements Surroundings.Sink {
    private static final int USUAL_COLUMNS = 80;
    private static final int FILE_TYPE = 0170000;
    private static final int FIFO = 0010000;
    private static final int SOCKET = 0140000;

    private final int number;
    private final OutputStream bytes;
    private final PrintStream printer;
    private final boolean terminal;
    private final int columns;

    private FileSink(int number, FileDescriptor descriptor, String property) {
        this.number = number;
        this.bytes = new FileOutputStream(descriptor);
        this.printer = new PrintStream(bytes, false, StandardCharsets.UTF_8);
        this.terminal = Boolean.getBoolean(property);
        this.columns = columns(System.getProperty("hufu.terminal.size", ""));
    }

    public static FileSink stdout() {
        return new FileSink(1, FileDescriptor.out, "hufu.terminal.stdout");
    }

    public static FileSink stderr() {
        return new FileSink(2, FileDescriptor.err, "hufu.terminal.stderr");
    }

    /** From rows and columns, as {@code stty size} tells them. */
    private static int columns(String size) {
        String last = size.substring(size.lastIndexOf(' ') + 1);
        return last.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(last) : USUAL_COLUMNS;
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
    public int columns() {
        return columns;
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
