package dev.hufu.support.line;

import java.util.List;
import java.util.Locale;

/** A manual page of section 1, in the language of man(7). Pure; one page each. */
public final class ManPage {
    private final StringBuilder page = new StringBuilder();

    private ManPage() {}

    /** Of one verb. */
    public static String of(VerbSpec verb, List<Option> shared, List<VerbSpec.Entry> environment, String version) {
        ManPage page = new ManPage();
        page.head("hufu-" + verb.name(), verb.summary(), version);
        page.section("SYNOPSIS");
        for (int i = 0; i < verb.synopses().size(); i++) {
            page.macro(i == 0 ? "" : ".br");
            page.line("\\fBhufu " + escaped(verb.name()) + "\\fR "
                    + escaped(verb.synopses().get(i)));
        }
        page.section("DESCRIPTION");
        page.text(
                Character.toUpperCase(verb.summary().charAt(0)) + verb.summary().substring(1) + ".");
        for (String paragraph : verb.paragraphs()) {
            page.macro(".PP");
            page.text(paragraph);
        }
        page.section("OPTIONS");
        verb.options().forEach(page::option);
        verb.of(shared).forEach(page::option);
        if (!verb.exitCodes().isEmpty()) {
            page.section("EXIT STATUS");
            verb.exitCodes().forEach(page::entry);
        }
        page.section("ENVIRONMENT");
        environment.forEach(page::entry);
        if (!verb.examples().isEmpty()) {
            page.section("EXAMPLES");
            for (VerbSpec.Entry example : verb.examples()) {
                page.macro(".PP");
                page.text(example.meaning());
                page.macro(".PP");
                page.macro(".RS 4");
                page.macro(".nf");
                page.text(example.term());
                page.macro(".fi");
                page.macro(".RE");
            }
        }
        page.section("SEE ALSO");
        page.line("\\fBhufu\\fR(1)");
        return page.page.toString();
    }

    /** Of {@code hufu} itself. */
    public static String of(
            String summary,
            List<VerbSpec> verbs,
            List<Option> shared,
            List<VerbSpec.Entry> environment,
            String version) {
        ManPage page = new ManPage();
        page.head("hufu", "run command lines, and know what became of each", version);
        page.section("SYNOPSIS");
        page.line("\\fBhufu\\fR \\fIVERB\\fR [\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...");
        page.section("DESCRIPTION");
        page.text(summary);
        page.section("VERBS");
        for (VerbSpec verb : verbs) {
            page.macro(".TP");
            page.line("\\fBhufu\\-" + escaped(verb.name()) + "\\fR(1)");
            page.text(verb.summary());
        }
        page.section("SHARED OPTIONS");
        shared.forEach(page::option);
        page.section("ENVIRONMENT");
        environment.forEach(page::entry);
        return page.page.toString();
    }

    private void head(String name, String summary, String version) {
        macro(".TH \"" + name.toUpperCase(Locale.ROOT).replace("-", "\\-") + "\" 1 \"\" \"hufu " + escaped(version)
                + "\" \"Hufu\"");
        section("NAME");
        line(escaped(name) + " \\- " + escaped(summary));
    }

    private void option(Option option) {
        macro(".TP");
        StringBuilder names = new StringBuilder();
        for (String name : option.names()) {
            names.append(names.isEmpty() ? "" : ", ")
                    .append("\\fB")
                    .append(escaped(name))
                    .append("\\fR");
        }
        line(names + (option.isFlag() ? "" : " \\fI" + escaped(option.label()) + "\\fR"));
        text(option.description());
    }

    private void entry(VerbSpec.Entry entry) {
        macro(".TP");
        line("\\fB" + escaped(entry.term()) + "\\fR");
        text(entry.meaning());
    }

    private void section(String title) {
        macro(".SH \"" + title + "\"");
    }

    private void macro(String macro) {
        if (!macro.isEmpty()) {
            page.append(macro).append('\n');
        }
    }

    private void text(String text) {
        line(escaped(text));
    }

    /** A line that begins with a dot or a quote would be a command. */
    private void line(String line) {
        page.append(line.startsWith(".") || line.startsWith("'") ? "\\&" : "")
                .append(line)
                .append('\n');
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e")
                .replace("-", "\\-")
                .replace("'", "\\(aq")
                .replace("`", "\\(ga")
                .replace("^", "\\(ha")
                .replace("~", "\\(ti")
                .replace("…", "...");
    }
}
