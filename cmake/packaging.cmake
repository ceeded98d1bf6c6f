# What is installed, and the Debian package that `make deb` builds of it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # tests are not installed
install(TARGETS bascule RUNTIME DESTINATION bin)
set(packaging "${CMAKE_SOURCE_DIR}/packaging")
install(FILES "${packaging}/systemd/bascule.service" DESTINATION lib/systemd/system)
install(FILES "${packaging}/systemd/bascule.toml" DESTINATION /etc/bascule)
install(FILES "${packaging}/monitoring/alerts.yaml" "${packaging}/monitoring/dashboard.json"
  DESTINATION share/bascule/monitoring)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bascule)
set(CPACK_PACKAGE_CONTACT "Bascule <bascule@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Scoring service for fitted Python models")
set(CPACK_PACKAGE_DESCRIPTION
  "Scores scikit-learn, XGBoost, LightGBM and CatBoost pipelines without Python, with tags,\n"
  "shadow candidates, reports, promotion and a history of who moved what.")
list(JOIN CPACK_PACKAGE_DESCRIPTION "" CPACK_PACKAGE_DESCRIPTION)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${packaging}/debian/conffiles" "${packaging}/debian/postinst" "${packaging}/debian/prerm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
