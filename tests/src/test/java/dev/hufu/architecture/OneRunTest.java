package dev.hufu.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The walk in docs/one-run.md is the truth as far as names go: what it names in full exists. */
final class OneRunTest {
    private static final Pattern NAME = Pattern.compile("`(dev\\.hufu\\.[a-z.]+\\.[A-Z]\\w+)(?:\\.([a-z]\\w+))?`");

    @Test
    void everyClassAndMethodNamedInTheWalkExists() throws IOException {
        List<String> missing = new ArrayList<>();
        int named = 0;
        Matcher names = NAME.matcher(Files.readString(Repository.root().resolve("docs/one-run.md")));
        while (names.find()) {
            named++;
            if (!exists(names.group(1), names.group(2))) {
                missing.add(names.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(named).as("names in the walk").isGreaterThan(12);
    }

    private static boolean exists(String type, @Nullable String method) {
        try {
            Class<?> found = Class.forName(type, false, OneRunTest.class.getClassLoader());
            return method == null
                    || List.of(found.getDeclaredMethods()).stream()
                            .anyMatch(each -> each.getName().equals(method));
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }
}
