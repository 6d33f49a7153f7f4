package dev.hufu.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.constructors;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How large a thing may get, and what it may be called: gates on the maximum. */
@AnalyzeClasses(packages = "dev.hufu", importOptions = ImportOption.DoNotIncludeTests.class)
final class ShapeTest {
    private static final int MAXIMUM_LINES = 600;
    private static final int MAXIMUM_PARAMETERS = 7;
    private static final int MAXIMUM_FILES = 30;
    private static final Path ROOT = Repository.root();

    /** A record's components are its data, named where they are read; a class's are what it works with. */
    @ArchTest
    static final ArchRule NO_CONSTRUCTOR_TAKES_MORE_THAN_SEVEN = constructors()
            .that()
            .areDeclaredInClassesThat()
            .areNotRecords()
            .should(new ArchCondition<>("take at most " + MAXIMUM_PARAMETERS + " parameters") {
                @Override
                public void check(JavaConstructor constructor, ConditionEvents events) {
                    int count = constructor.getRawParameterTypes().size();
                    if (count > MAXIMUM_PARAMETERS) {
                        events.add(SimpleConditionEvent.violated(
                                constructor, constructor.getFullName() + " takes " + count));
                    }
                }
            });

    @ArchTest
    static final ArchRule NAMES_SAY_SOMETHING = noClasses()
            .should()
            .haveNameMatching(".*(Manager|Utils?|Helper|Impl)")
            .orShould()
            .haveNameMatching(".*\\.(Base|Abstract)[A-Z].*");

    @Test
    void noFileIsLongerThanSixHundredLines() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path file : sources(".java", ".c", ".h")) {
            long lines = Files.readAllLines(file).size();
            if (lines > MAXIMUM_LINES) {
                tooLong.add(ROOT.relativize(file) + " has " + lines);
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void noPackageHasMoreThanThirtyFiles() throws IOException {
        Map<Path, Integer> files = new HashMap<>();
        for (Path file : sources(".java")) {
            files.merge(file.getParent(), 1, Integer::sum);
        }
        assertThat(files)
                .allSatisfy((directory, count) ->
                        assertThat(count).as("%s", ROOT.relativize(directory)).isLessThanOrEqualTo(MAXIMUM_FILES));
    }

    @Test
    void everyPackageIsNullMarked() throws IOException {
        List<Path> unmarked = new ArrayList<>();
        for (Path file : sources(".java")) {
            // What a test compiles as a stranger would is no code of ours.
            if (file.toString().contains("/src/test/resources/")) {
                continue;
            }
            Path description = file.resolveSibling("package-info.java");
            if (!isMarked(description) && !isMarked(mainSibling(description))) {
                unmarked.add(ROOT.relativize(file));
            }
        }
        assertThat(unmarked).isEmpty();
    }

    private static boolean isMarked(Path description) throws IOException {
        return Files.exists(description) && Files.readString(description).contains("@NullMarked");
    }

    /** Test classes share the package, and so its mark, with the main classes beside them. */
    private static Path mainSibling(Path description) {
        return Path.of(description.toString().replace("/src/test/java/", "/src/main/java/"));
    }

    private static List<Path> sources(String... endings) throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().contains("/src/"))
                    .filter(file -> !ROOT.relativize(file).toString().contains("target/"))
                    .filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
                    .toList();
        }
    }
}
