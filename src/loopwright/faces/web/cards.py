"""Reports to hand over: one HTML file each, made from evidence only, without scripts or other files."""

from __future__ import annotations

from loopwright.faces.web.library import Library
from loopwright.faces.web.pages import dataset, model, prediction
from loopwright.faces.web.rendering import render
from loopwright.records import DatasetVersion, Model

__all__ = ["datasheet", "model_card", "passport_sheet"]

_MOST_COLUMNS = 500  # in one datasheet; a wider table is for the dashboard, which pages through it


def model_card(library: Library, of: Model) -> str:
    """Return the model card: what the model is for, how good it is and for whom, and what is not known.

    Parameters
    ----------
    library : Library
    of : Model

    Returns
    -------
    str
        HTML. It makes no request, prints well, and follows the reader's choice of light or dark.

    References
    ----------
    M. Mitchell et al.: Model Cards for Model Reporting, FAT* (2019).
    """
    return render(model(library, of), template="model_sheet.html")


def datasheet(library: Library, of: DatasetVersion) -> str:
    """Return the datasheet: where the rows came from, what they hold, and what is not known.

    Parameters
    ----------
    library : Library
    of : DatasetVersion
        Of more than 500 columns the first 500 are shown.

    Returns
    -------
    str
        HTML. It makes no request, prints well, and follows the reader's choice of light or dark.

    References
    ----------
    T. Gebru et al.: Datasheets for Datasets, Communications of the ACM 64 (2021).
    """
    return render(dataset(library, of, size=_MOST_COLUMNS), template="dataset_sheet.html")


def passport_sheet(library: Library, id: str) -> str:
    """Return the passport of a prediction: who said what, on which grounds, and what became of it.

    Parameters
    ----------
    library : Library
    id : str
        Of the prediction.

    Returns
    -------
    str
        HTML. It makes no request, prints well, and follows the reader's choice of light or dark.

    Raises
    ------
    UnknownRecord
        If the log has no such prediction.
    """
    return render(prediction(library, id), template="prediction_sheet.html")
