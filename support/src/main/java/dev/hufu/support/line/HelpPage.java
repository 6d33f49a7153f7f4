package dev.hufu.support.line;

import java.util.ArrayList;
import java.util.List;

/** What {@code --help} prints, within a width. Pure; one page each. */
public final class HelpPage {
    private static final int TERM = 26;

    private final int width;
    private final boolean coloured;
    private final List<String> lines = new ArrayList<>();

    private HelpPage(int width, boolean coloured) {
        this.width = width;
        this.coloured = coloured;
    }

    /** Of one verb. */
    public static String of(VerbSpec verb, List<Option> shared, int width, boolean coloured) {
        HelpPage page = new HelpPage(width, coloured);
        String before = "Usage: ";
        for (String synopsis : verb.synopses()) {
            page.wrap(before + "hufu " + verb.name() + " " + synopsis, 7);
            before = "       ";
        }
        page.lines.add("");
        page.wrap(
                Character.toUpperCase(verb.summary().charAt(0)) + verb.summary().substring(1) + ".", 0);
        for (String paragraph : verb.paragraphs()) {
            page.lines.add("");
            page.wrap(paragraph, 0);
        }
        page.options("Options", verb.options());
        page.options("Shared options", verb.of(shared));
        page.entries("Exit codes", verb.exitCodes(), 9);
        if (!verb.examples().isEmpty()) {
            page.heading("Examples");
            for (VerbSpec.Entry example : verb.examples()) {
                page.wrap("  " + example.term(), 6);
                page.wrap("      " + example.meaning(), 6);
            }
        }
        return page.text();
    }

    /** Of {@code hufu} itself. */
    public static String of(
            String summary,
            List<VerbSpec> verbs,
            List<Option> shared,
            List<VerbSpec.Entry> environment,
            int width,
            boolean coloured) {
        HelpPage page = new HelpPage(width, coloured);
        page.lines.add("Usage: hufu VERB [OPTION]... [OPERAND]...");
        page.lines.add("");
        page.wrap(summary, 0);
        page.entries(
                "Verbs (hufu VERB --help tells more)",
                verbs.stream()
                        .map(verb -> new VerbSpec.Entry(verb.name(), verb.summary()))
                        .toList(),
                14);
        page.options("Shared options", shared);
        page.entries("Environment", environment, 15);
        return page.text();
    }

    private void options(String heading, List<Option> options) {
        if (options.isEmpty()) {
            return;
        }
        heading(heading);
        for (Option option : options) {
            String names = (option.names().size() == 1 ? "    " : "") + String.join(", ", option.names());
            term("  " + names + (option.isFlag() ? "" : " " + option.label()), option.description(), TERM);
        }
    }

    private void entries(String heading, List<VerbSpec.Entry> entries, int column) {
        if (entries.isEmpty()) {
            return;
        }
        heading(heading);
        entries.forEach(entry -> term("  " + entry.term(), entry.meaning(), column));
    }

    private void heading(String heading) {
        lines.add("");
        lines.add(coloured ? "\033[1m" + heading + "\033[0m" : heading);
    }

    private void term(String term, String meaning, int wanted) {
        int column = Math.min(wanted, width / 3);
        if (term.length() + 2 > column) {
            lines.add(term);
            wrap(" ".repeat(column) + meaning, column);
        } else {
            wrap(term + " ".repeat(column - term.length()) + meaning, column);
        }
    }

    private void wrap(String text, int indent) {
        String rest = text;
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            if (space <= indent) {
                space = rest.indexOf(' ', width);
            }
            if (space < 0) {
                break;
            }
            lines.add(rest.substring(0, space).stripTrailing());
            rest = " ".repeat(indent) + rest.substring(space).stripLeading();
        }
        lines.add(rest);
    }

    private String text() {
        return String.join("\n", lines);
    }
}
