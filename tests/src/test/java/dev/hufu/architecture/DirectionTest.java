package dev.hufu.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/** Who may see whom. */
@AnalyzeClasses(packages = "dev.hufu", importOptions = ImportOption.DoNotIncludeTests.class)
final class DirectionTest {
    private static final String[] JDK = {"java..", "org.jspecify.annotations.."};

    @ArchTest
    static final ArchRule EXEC_IS_A_LIBRARY_OF_ITS_OWN = classes()
            .that()
            .resideInAPackage("dev.hufu.exec..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(JDK, "dev.hufu.exec.."))
            .because("a Java developer uses it without the rest of Hufu, and brings no dependency in");

    @ArchTest
    static final ArchRule SUPPORT_NEEDS_THE_JDK_ONLY = classes()
            .that()
            .resideInAPackage("dev.hufu.support..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(JDK, "dev.hufu.support.."))
            .because("everything sees it, so whatever it needed all would need");

    @ArchTest
    static final ArchRule THE_WORDS_NEED_THE_JDK_ONLY = classes()
            .that()
            .resideInAPackage("dev.hufu.protocol")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with(JDK, "dev.hufu.protocol"))
            .because("the words outlive every encoding of them");

    @ArchTest
    static final ArchRule THE_CODEC_NEEDS_JACKSON_AND_NOTHING_ELSE = classes()
            .that()
            .resideInAPackage("dev.hufu.protocol.codec..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    with(JDK, "dev.hufu.protocol..", "tools.jackson..", "com.fasterxml.jackson.annotation.."))
            .because("agents carry its closure");

    @ArchTest
    static final ArchRule THE_CLIENT_SEES_WORDS_AND_TIME_ONLY = noClasses()
            .that()
            .resideInAPackage("dev.hufu.client..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.agent..", "dev.hufu.server..", "dev.hufu.exec..", "dev.hufu.cli..")
            .because("it is a library, and speaks to servers over the contract alone");

    @ArchTest
    static final ArchRule THE_AGENT_KNOWS_NO_SERVER = noClasses()
            .that()
            .resideInAPackage("dev.hufu.agent..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.hufu.server..", "dev.hufu.client..", "dev.hufu.cli..", "java.sql..", "java.net.http..")
            .because("it reaches a server through its link, and its closure stays small");

    @ArchTest
    static final ArchRule THE_COMMAND_LINE_SEES_THE_CLIENT = noClasses()
            .that()
            .resideInAPackage("dev.hufu.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server..", "dev.hufu.agent..", "dev.hufu.exec..")
            .because("what it can do, any program with the client can");

    @ArchTest
    static final ArchRule ONLY_THE_COMPOSITION_ROOT_SEES_THE_AGENT = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server..")
            .and()
            .resideOutsideOfPackages("dev.hufu.server", "dev.hufu.server.doctor")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.agent..", "dev.hufu.exec..")
            .because(
                    "node local is spoken to by encoded messages, as any other node; the doctor is a program of its own,"
                            + " and tries the launcher where no server is");

    @ArchTest
    static final ArchRule DRIVERS_ARE_SEEN_BY_THE_COMPOSITION_ROOT_ONLY = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "dev.hufu.server",
                    "dev.hufu.server.auditor",
                    "dev.hufu.server.store.sqlite..",
                    "dev.hufu.server.store.postgres..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.store.sqlite..", "dev.hufu.server.store.postgres..")
            .because(
                    "everything else is written against the seam, so that one can take the other's place; the auditor is a"
                            + " program of its own, and reads a file where no server is");

    @ArchTest
    static final ArchRule DRIVERS_DO_NOT_SEE_EACH_OTHER = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.store.postgres..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.store.sqlite..", "org.sqlite..")
            .because("what they share is in store.sql");

    @ArchTest
    static final ArchRule WHAT_DRIVERS_SHARE_IS_SEEN_BY_DRIVERS_ONLY = noClasses()
            .that()
            .resideOutsideOfPackages("dev.hufu.server", "dev.hufu.server.store.(*)..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.store.sql..")
            .because("it is how the seam is kept, which nobody else is to know");

    @ArchTest
    static final ArchRule WHAT_DRIVERS_SHARE_KNOWS_NO_DRIVER = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.store.sql..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.sqlite..", "org.postgresql..", "com.zaxxer.hikari..")
            .because("a dialect says what one database does differently");

    @ArchTest
    static final ArchRule SQL_STAYS_UNDER_STORE = noClasses()
            .that()
            .resideOutsideOfPackage("dev.hufu.server.store..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "javax.sql..", "org.sqlite..", "org.postgresql..", "com.zaxxer.hikari..")
            .because("the store is one seam");

    @ArchTest
    static final ArchRule THE_STORE_IS_BELOW_ALL = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.store..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.hufu.server.run..",
                    "dev.hufu.server.http..",
                    "dev.hufu.server.dispatch..",
                    "dev.hufu.server.fleet..",
                    "dev.hufu.server.output..",
                    "dev.hufu.server.auth..")
            .because("run decides, store keeps");

    @ArchTest
    static final ArchRule RUN_DECLARES_WHAT_IT_NEEDS_FROM_ABOVE = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.run..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.hufu.server.http..",
                    "dev.hufu.server.dispatch..",
                    "dev.hufu.server.fleet..",
                    "dev.hufu.server.output..",
                    "dev.hufu.server.auth..")
            .because("the lifecycle does not know who asks for it, nor who carries it out");

    @ArchTest
    static final ArchRule FLEET_AND_OUTPUT_ARE_BELOW_HTTP_AND_DISPATCH = noClasses()
            .that()
            .resideInAnyPackage("dev.hufu.server.fleet..", "dev.hufu.server.output..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.http..", "dev.hufu.server.dispatch..", "dev.hufu.server.auth..")
            .because("http | dispatch → fleet, output → run → store");

    @ArchTest
    static final ArchRule HTTP_DOES_NOT_SEE_DISPATCH = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.http..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.dispatch..")
            .because("the top packages do not see each other");

    @ArchTest
    static final ArchRule MAINTENANCE_SEES_NO_OTHER_AT_THE_TOP = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.maintenance..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.http..", "dev.hufu.server.dispatch..")
            .because("the top packages do not see each other");

    @ArchTest
    static final ArchRule DISPATCH_DOES_NOT_SEE_HTTP = noClasses()
            .that()
            .resideInAPackage("dev.hufu.server.dispatch..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.http..")
            .because("the top packages do not see each other");

    @ArchTest
    static final ArchRule FIGURES_ARE_SEEN_BY_THE_COMPOSITION_ROOT_ONLY = noClasses()
            .that()
            .resideOutsideOfPackages("dev.hufu.server", "dev.hufu.server.metrics..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.hufu.server.metrics..")
            .because("the parts declare listeners: what is counted of them, and by what, is not their affair");

    @ArchTest
    static final ArchRule ONE_PLACE_KNOWS_MICROMETER = noClasses()
            .that()
            .resideOutsideOfPackage("dev.hufu.server.metrics..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.prometheus..")
            .because("it can be replaced, or left out, by changing one package");

    @ArchTest
    static final ArchRule LEAVES_SEE_NOTHING = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.hufu.server.auth..",
                    "dev.hufu.server.audit..",
                    "dev.hufu.server.config..",
                    "dev.hufu.server.tls..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.hufu.server.store..",
                    "dev.hufu.server.run..",
                    "dev.hufu.server.http..",
                    "dev.hufu.server.dispatch..",
                    "dev.hufu.server.fleet..",
                    "dev.hufu.server.output..")
            .because("leaves are understood alone");

    @ArchTest
    static final ArchRule PACKAGES_FORM_NO_CYCLE = SlicesRuleDefinition.slices()
            .matching("dev.hufu.(**)")
            .should()
            .beFreeOfCycles()
            .ignoreDependency(resideInAPackage("dev.hufu.exec.internal.."), resideInAPackage("dev.hufu.exec"))
            .because(
                    "a cycle is one room with two names; exec's inside is one room with it, and only closed to others");

    @ArchTest
    static final ArchRule THE_CLOCK_COMES_FROM_TIMERS = noClasses()
            .that()
            .resideInAnyPackage("dev.hufu.server..", "dev.hufu.agent..", "dev.hufu.exec..", "dev.hufu.protocol..")
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(Thread.class, "sleep", Duration.class)
            .because("a test or a simulation puts its own time in");

    @ArchTest
    static final ArchRule THREADS_COME_FROM_THREADS = noClasses()
            .that()
            .resideInAnyPackage("dev.hufu.server..", "dev.hufu.agent..", "dev.hufu.exec..", "dev.hufu.protocol..")
            .should()
            .callMethod(Thread.class, "ofVirtual")
            .orShould()
            .callMethod(Thread.class, "ofPlatform")
            .orShould()
            .callMethod(Thread.class, "startVirtualThread", Runnable.class)
            .orShould()
            .callConstructor(Thread.class, Runnable.class)
            .orShould()
            .callConstructor(Thread.class, Runnable.class, String.class)
            .because("threads are made, named and counted in one place");

    @ArchTest
    static final ArchRule ONE_PLACE_FORKS = noClasses()
            .that()
            .haveNameNotMatching("dev\\.hufu\\.exec\\.internal\\.(LauncherProcess|JdkProcessLauncher)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(ProcessBuilder.class)
            .because("the JVM forks once, to start the launcher, but for the launcher that is there for want of it");

    private static String[] with(String[] some, String... more) {
        String[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }
}
