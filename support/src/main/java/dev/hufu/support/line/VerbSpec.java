package dev.hufu.support.line;

import java.util.ArrayList;
import java.util.List;

/**
 * A verb as data: what may follow it on the command line, and what help says of it.
 *
 * @param synopses what follows the verb, one for each way to use it
 * @param summary one line, in lower case and without a full stop
 * @param operandLabel of what stands there without an option
 * @param operandWords what completion offers there; may be empty
 * @param opaque whether everything from the first operand on is an operand, whatever it looks like
 * @param alone whether it asks no server, and so has of the shared options only help
 */
public record VerbSpec(
        String name,
        String summary,
        List<String> synopses,
        List<String> paragraphs,
        List<Option> options,
        String operandLabel,
        List<String> operandWords,
        int leastOperands,
        int mostOperands,
        boolean opaque,
        boolean alone,
        List<Entry> exitCodes,
        List<Entry> examples) {

    /** A term and what it means; a command line and what it does. */
    public record Entry(String term, String meaning) {}

    /** Those of the options that verbs share which this one has. */
    public List<Option> of(List<Option> shared) {
        return alone
                ? shared.stream()
                        .filter(option -> option.name().equals("--help"))
                        .toList()
                : shared;
    }

    public static Builder of(String name, String summary) {
        return new Builder(name, summary);
    }

    /** Collects what is said of a verb. Not for several threads. */
    public static final class Builder {
        private final String name;
        private final String summary;
        private final List<String> synopses = new ArrayList<>();
        private final List<String> paragraphs = new ArrayList<>();
        private final List<Option> options = new ArrayList<>();
        private final List<Entry> exitCodes = new ArrayList<>();
        private final List<Entry> examples = new ArrayList<>();
        private List<String> operandWords = List.of();
        private String operandLabel = "";
        private int leastOperands;
        private int mostOperands;
        private boolean opaque;
        private boolean alone;

        private Builder(String name, String summary) {
            this.name = name;
            this.summary = summary;
        }

        public Builder synopsis(String synopsis) {
            synopses.add(synopsis);
            return this;
        }

        public Builder paragraph(String paragraph) {
            paragraphs.add(paragraph);
            return this;
        }

        public Builder option(Option option) {
            options.add(option);
            return this;
        }

        public Builder operands(String label, int least, int most) {
            operandLabel = label;
            leastOperands = least;
            mostOperands = most;
            return this;
        }

        /** One operand of these. */
        public Builder operand(String label, int least, List<String> words) {
            operandWords = List.copyOf(words);
            return operands(label, least, 1);
        }

        /** Any number of operands, none of them looked at. */
        public Builder opaqueOperands(String label) {
            opaque = true;
            return operands(label, 0, Integer.MAX_VALUE);
        }

        /** No server is asked. */
        public Builder alone() {
            alone = true;
            return this;
        }

        public Builder exitCode(String code, String meaning) {
            exitCodes.add(new Entry(code, meaning));
            return this;
        }

        public Builder example(String command, String meaning) {
            examples.add(new Entry(command, meaning));
            return this;
        }

        public VerbSpec build() {
            if (synopses.isEmpty()) {
                String operands = leastOperands == 0 && mostOperands > 0 ? "[" + operandLabel + "]" : operandLabel;
                synopses.add(("[OPTION]... " + operands).stripTrailing());
            }
            return new VerbSpec(
                    name,
                    summary,
                    List.copyOf(synopses),
                    List.copyOf(paragraphs),
                    List.copyOf(options),
                    operandLabel,
                    operandWords,
                    leastOperands,
                    mostOperands,
                    opaque,
                    alone,
                    List.copyOf(exitCodes),
                    List.copyOf(examples));
        }
    }
}
