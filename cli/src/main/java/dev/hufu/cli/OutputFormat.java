package dev.hufu.cli;

import picocli.CommandLine.Option;

/** The option {@code -o} of the verbs that print. */
final class OutputFormat {
    /** In lower case, as they are written. */
    enum Format {
        table,
        json
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table (default) or json")
    private Format format = Format.table;

    boolean json() {
        return format == Format.json;
    }
}
