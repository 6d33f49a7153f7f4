package dev.hufu.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the page about the audit log to what is recorded. */
final class AuditDocumentTest {
    private static final Path SOURCES = Path.of("src", "main", "java");

    @Test
    void thePageHasEveryActionWithItsSubjectAndDetailAndNoneMore() throws IOException {
        Matcher rows = Pattern.compile("(?m)^\\| `([a-z]+\\.[a-z-]+)` \\| [^|]+ \\| [^|]+ \\|$")
                .matcher(Files.readString(Path.of("..", "docs", "audit.md")));
        List<String> documented = new ArrayList<>();
        while (rows.find()) {
            documented.add(rows.group(1));
        }
        assertThat(documented)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(AuditAction.values()).map(AuditAction::word).toList());
    }

    @Test
    void thePageHasEveryWayToBeBroken() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "audit.md"));
        for (ChainCheck.How how : ChainCheck.How.values()) {
            assertThat(page).contains("\n| `" + how.word() + "` | ");
        }
    }

    /** An action that is made of a text would be none of those above. */
    @Test
    void nothingIsRecordedButByItsAction() throws IOException {
        Set<String> makers = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                if (Files.readString(file).contains("new AuditEvent(")) {
                    makers.add(file.getFileName().toString());
                }
            }
        }
        assertThat(makers).containsExactlyInAnyOrder("AuditEvent.java", "AuditLog.java");
    }

    @Test
    void everyActionIsUsed() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                all.append(Files.readString(file));
            }
        }
        assertThat(AuditAction.values()).allSatisfy(action -> assertThat(all).contains("AuditAction." + action.name()));
    }
}
