module org.example.user {
    requires dev.hufu.exec;
}
